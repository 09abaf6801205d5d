// Local headers in the compiler: what a script sees of them, and where their errors are.
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readManifest } from "../../../runner/core/bind.ts";
import type { CompileResult } from "../../../wasm/compiler.ts";
import { compile, newCompiler } from "../../support/compiler.ts";

const compiler = await newCompiler();

/** Headers are facts that later compiles find: their names differ from case to case. */
function build(script: string, headers: Record<string, string>): CompileResult {
  return compile(compiler, script, [], undefined, undefined, headers);
}

/** `file:line:column message` of all diagnostics. */
function errors(script: string, headers: Record<string, string>): string[] {
  return build(script, headers).diagnostics.map(
    ({ file = "script", line, column, endColumn, message }) => `${file}:${line}:${column}-${endColumn} ${message}`,
  );
}

const good: Record<string, [script: string, headers: Record<string, string>]> = {
  define: ['#include "define.h"\nbegin { print(X); }', { "define.h": "#define X 5" }],
  "angle brackets": ["#include <angle.h>\nbegin { print(X); }", { "angle.h": "#define X 5" }],
  "nested headers": ['#include "n1.h"\nbegin { print(X + Y); }', { "n1.h": '#include "n2.h"\n#define X Y\n', "n2.h": "#define Y 2\n" }],
  "a guard": [
    '#include "guard.h"\n#include "guard.h"\nbegin { print(sizeof(struct guarded)); }',
    { "guard.h": "#ifndef G\n#define G\nstruct guarded { int a; };\n#endif" },
  ],
  "#pragma once": [
    '#include "once.h"\n#include "once.h"\nbegin { print(sizeof(struct o)); }',
    { "once.h": "#pragma once\nstruct o { int a; };" },
  ],
  "a condition on the script's macro": [
    '#define WANTED\n#include "condition.h"\nbegin { print(X); }',
    { "condition.h": "#ifdef WANTED\n#define X 1\n#else\n#error no\n#endif" },
  ],
  "a branch not taken": ['#if 0\n#include "no-such.h"\n#endif\nbegin { print(1); }', {}],
  typedefs: [
    '#include "types.h"\nbegin { $p = (pair_t *)1; print($p.second); print(sizeof(anonymous_t)); print(THREE); }',
    {
      "types.h": `
typedef unsigned int word_t, *word_pointer;
typedef struct pair { word_t first; word_pointer second; } pair_t;
typedef struct { pair_t list[2]; } anonymous_t;
typedef enum { THREE = 3 } number_t;
struct user { number_t n; anonymous_t a; };`,
    },
  ],
  "declarations of C": [
    '#include "c.h"\nbegin { print(X); }',
    { "c.h": "extern int f(int);\nstatic inline char g(void) { return 'x'; }\n;\n#define X 1" },
  ],
  "headers of the kernel and the C library": [
    '#include <linux/sched.h>\n#include "linux/fs.h"\n#include "errno.h"\nbegin { print(1); }',
    {},
  ],
};

for (const [name, [script, headers]] of Object.entries(good)) {
  test(name, () => {
    const result = build(script, headers);
    assert.equal(result.diagnostics, []);
    assert.is(result.kind, "object");
  });
}

const bad: Record<string, [script: string, headers: Record<string, string>, ...errors: string[]]> = {
  "a missing header": ['\n #include "no-such.h"\nbegin { }', {}, "script:2:11-22 'no-such.h' file not found"],
  "a missing header in a header": [
    '#include "misses.h"\nbegin { }',
    { "misses.h": '\n#include "lib/none.h"' },
    "misses.h:2:10-22 'lib/none.h' file not found",
  ],
  "errors in header and script": [
    '#include "fails.h"\n#include "fine.h"\nbegin { print(nonsense; }',
    { "fails.h": "\n\nstruct a { int; };\n#error here", "fine.h": "#define X 1" },
    "script:3:23-24 syntax: expected ')'",
    "fails.h:3:15-16 syntax: expected field name",
    "fails.h:4:1-12 #error here",
  ],
  "the body of a #define": [
    '#include "body.h"\nbegin { print(X); }',
    { "body.h": "// body\n  #define X nonsense" },
    "body.h:2:13-21 Unknown identifier: 'nonsense'",
  ],
  "an expression that begins in a header": [
    '#include "half.h"\nbegin { print(HALF.x); }',
    { "half.h": "#define HALF 12" },
    "script:2:15-21 Can not access field 'x' on expression of type 'int8'",
  ],
  "the script behind a header": [
    '#include "before.h"\nbegin { print(nonsense); }',
    { "before.h": "#define X 1\n\n\n" },
    "script:2:15-23 Unknown identifier: 'nonsense'",
  ],
  "a header that includes itself": [
    '#include "self.h"\nbegin { }',
    { "self.h": '#include "self.h"' },
    "self.h:1:10-18 #include nested too deeply",
  ],
  "#if that ends in another file": [
    '#if 1\n#include "open.h"\n#endif\nbegin { }',
    { "open.h": "#endif\n#if 1\n" },
    "open.h:1:1-7 #endif without #if",
    "open.h:3:1-1 unterminated #if",
  ],
  "a probe in a header": ['#include "probe.h"\nbegin { }', { "probe.h": "begin { }" }, "probe.h:1:1-6 syntax: expected a definition"],
  "typedef in the script": ["typedef int x;\nbegin { }", {}, "script:1:9-12 syntax: expected '{'"],
};

for (const [name, [script, headers, ...wanted]] of Object.entries(bad)) {
  test(`error: ${name}`, () => assert.equal(errors(script, headers), wanted));
}

test("headers that include each other without end cost little", () => {
  const headers: Record<string, string> = {};
  for (let i = 0; i < 40; i++) headers[`x${i}.h`] = `#include "x${i + 1}.h"\n#include "x${i + 1}.h"\n`;
  headers["x40.h"] = "";
  const started = performance.now();
  assert.match(errors('#include "x0.h"\nbegin { }', headers).join(), "#include nested too deeply");
  assert.ok(performance.now() - started < 2000);
});

test("the object holds its headers, and the places in them", () => {
  const text = '#define LINE printf("%d", 1)\n';
  const result = build('#include "kept.h"\nbegin { LINE; print(2); }', { "kept.h": text });
  assert.is(result.kind, "object");
  const { source, events } = readManifest((result as Extract<CompileResult, { kind: "object" }>).object);
  assert.equal(source.files, [{ name: "kept.h", text }]);
  const places = events.flatMap((event) => ("location" in event ? [event.location] : []));
  assert.equal(places[0], {
    file: "kept.h",
    line: 1,
    column: 14,
    endLine: 1,
    endColumn: 29,
    expandedFrom: [{ line: 2, column: 9, endLine: 2, endColumn: 13 }],
  });
  assert.is(places[1]?.file, undefined);
  assert.is(places[1]?.line, 2);
});

test.run();
