// One compile: the stages of the compiler in order, on one screen.

import { GeneratedModule, generate } from "./bpf/codegen";
import { DisassemblyNames, disassemble } from "./bpf/disassemble";
import { readTarget } from "./check/attach-points";
import { Checker } from "./check/checker";
import { ConfigKey, Configuration } from "./check/config";
import { Expander } from "./check/expand";
import { ProbeContext } from "./check/probe-context";
import { BasicType, stackModeNames } from "./check/types";
import { layOutBlocks } from "./ir/branch-layout";
import { removeDeadCode } from "./ir/dead-code";
import { sameCode } from "./ir/equal";
import { IrFunction } from "./ir/ir";
import { joinBranches } from "./ir/join-branches";
import { LoweringState } from "./ir/lower-base";
import { Lowering } from "./ir/lowering";
import { defineMap, layOutMap, settle } from "./ir/map-layout";
import { printFunction } from "./ir/printer";
import { simplifyControlFlow } from "./ir/simplify-control-flow";
import { numberValues } from "./ir/value-numbering";
import { printLlvm } from "./llvm/print";
import { readLlvmObject } from "./llvm/read-object";
import { Manifest, ProgramRow, writeJsonString } from "./object/manifest";
import { IrModule } from "./object/module";
import { writeObject } from "./object/object";
import { Settings } from "./settings";
import { ByteBuffer } from "./source/bytes";
import { Code, codeName, Diagnostics, Note, Severity } from "./source/diagnostics";
import { FileUse, Includes } from "./source/headers";
import { Source } from "./source/source";
import { Symbols } from "./source/symbols";
import { Program, Provider } from "./syntax/ast";
import { formatProgram } from "./syntax/formatter";
import { parseProgram, reportNoProbes } from "./syntax/parser";
import { printProgram } from "./syntax/printer";
import { providerName } from "./syntax/providers";
import { Profile } from "./target/profile";

export const enum Status {
  Object = 0,
  Needs = 1,
  Failed = 2,
  /** The LLVM text is ready; `link` takes what llc makes of it. */
  Llvm = 3,
}

/** Dumps that a host may ask for, a bit each. */
export const enum Dump {
  Ast = 1,
  Types = 2,
  Ir = 4,
  Bpf = 8,
  Llvm = 16,
}

/** The most that on_stack_limit can ask for: a program's whole stack is 512 bytes. */
const MAXIMUM_ON_STACK: i64 = 256;

/** Longest text that max_strlen can ask for: two of them must fit a per-CPU scratch slot, and one a ring buffer record. */
const MAXIMUM_STRING: i64 = 65536;

/** Bytes of a script that is formatted, at most: its text is parsed twice, and both trees are compared. */
const MAXIMUM_FORMATTED: u32 = 1 << 22;

export class Compilation {
  object: ByteBuffer = new ByteBuffer();
  /** JSON, as `Diagnostic[]` and `Need[]` of wasm/compiler.ts. */
  diagnosticsJson: ByteBuffer = new ByteBuffer();
  needsJson: ByteBuffer = new ByteBuffer();
  ast: ByteBuffer = new ByteBuffer();
  typesText: ByteBuffer = new ByteBuffer();
  ir: ByteBuffer = new ByteBuffer();
  bpf: ByteBuffer = new ByteBuffer();
  llvm: ByteBuffer = new ByteBuffer();
  /** What waits for llc. */
  private module: IrModule | null = null;
  /** Those of the last lowering. */
  private programs: Array<ProgramRow> = [];
  private diagnostics: Diagnostics;
  private symbols: Symbols;
  private checker: Checker;
  private configuration: Configuration;
  protected settings: Settings;
  private includes: Includes;

  constructor(
    private profile: Profile,
    private source: Source,
    private dumps: u32,
    /** BPFTRACE_ variables of the environment: `KEY=VALUE` lines, without the prefix. */
    environment: string = "",
    /** What the command line says that shapes the code. */
    settings: Settings | null = null,
  ) {
    const given = settings != null ? settings : new Settings();
    this.settings = given;
    this.includes = new Includes(profile.headers, given.includes);
    const diagnostics = new Diagnostics(source);
    const symbols = new Symbols();
    this.diagnostics = diagnostics;
    this.symbols = symbols;
    this.checker = new Checker(symbols, diagnostics, profile);
    this.configuration = new Configuration(symbols, diagnostics);
    this.configuration.readEnvironment(environment);
  }

  run(): Status {
    const status = this.stages();
    this.writeDiagnostics();
    if (status == Status.Needs) this.writeNeeds();
    return status;
  }

  /** Lays out the script's text anew: it is the object, then. */
  format(): Status {
    const diagnostics = this.diagnostics;
    if (this.source.length > MAXIMUM_FORMATTED) {
      diagnostics.error(Code.TooLarge, 0, 0, `the script is larger than ${MAXIMUM_FORMATTED >> 20} MiB: too large to be formatted`);
    } else {
      const macros = this.checker.architecture.macros;
      const program = parseProgram(this.source, this.symbols, diagnostics, macros);
      if (!diagnostics.hasErrors && !formatProgram(program, this.source, this.symbols, macros, this.object))
        diagnostics.error(Code.Failed, 0, 0, "the script cannot be formatted: this is an error of bpfcast");
    }
    this.writeDiagnostics();
    return diagnostics.hasErrors ? Status.Failed : Status.Object;
  }

  private stages(): Status {
    const macros = this.checker.architecture.macros;
    const program = parseProgram(this.source, this.symbols, this.diagnostics, macros, this.settings.parameters, this.includes);
    if (this.includes.wanted.length > 0) return Status.Needs;
    if (this.dumps & Dump.Ast) printProgram(program, this.source, this.symbols, this.ast);
    if (this.diagnostics.hasErrors) return Status.Failed;
    for (let i = 0; i < program.config.length; i++) this.configuration.readEntry(program.config[i]);
    new Expander(program, this.symbols, this.diagnostics, this.configuration, this.settings.parameters).run();
    if (this.diagnostics.hasErrors) return Status.Failed;
    const checker = this.checker;
    checker.maximumString = <i32>this.configuration.number(ConfigKey.MaxStringLength, 1, MAXIMUM_STRING);
    checker.unstableSeries = this.configuration.text(ConfigKey.UnstableSeries);
    checker.unstableTypeInformation = this.configuration.text(ConfigKey.UnstableTypeInformation);
    checker.seriesClock = this.configuration.text(ConfigKey.SeriesClock);
    checker.isLive = this.settings.isLive;
    checker.pidNamespace = this.settings.pidNamespace;
    checker.missingProbes = this.configuration.text(ConfigKey.MissingProbes);
    checker.stackMode = stackModeNames().indexOf(this.configuration.text(ConfigKey.StackMode));
    checker.maximumKeys = <i32>this.configuration.number(ConfigKey.MaxMapKeys, 1, i32.MAX_VALUE);
    checker.infer(program);
    if (checker.needs.any) return Status.Needs;
    // Before maps that nothing assigns get a type: they are errors.
    for (let i = 0; i < checker.contexts.length; i++) checker.report(i);
    checker.reportDeclarations();
    if (this.diagnostics.hasErrors) return checker.needs.any ? Status.Needs : Status.Failed;
    const module = this.lower();
    if (checker.needs.any) return Status.Needs;
    if (this.dumps & Dump.Types) this.dumpTypes();
    if (module == null || this.diagnostics.hasErrors) return Status.Failed;
    this.optimise(module);
    if (program.probes.length == 0) {
      reportNoProbes(this.source, this.diagnostics);
      return Status.Failed;
    }
    if (this.settings.llvm || (this.dumps & Dump.Llvm) != 0) {
      for (let i = 0; i < module.functions.length; i++) layOutBlocks(module.functions[i]);
      printLlvm(module, this.llvm);
    }
    if (this.settings.llvm) {
      this.module = module;
      return Status.Llvm;
    }
    return this.emit(module, generate(module)) ? Status.Object : Status.Failed;
  }

  /** Lowers all attach points; twice where some need scratch memory, whose size only the first time shows. */
  private lower(): IrModule | null {
    const needs: Array<i32> = [];
    const module = this.lowerWith(0, needs);
    let size = 0;
    for (let i = 0; i < needs.length; i++) size = max(size, needs[i]);
    return size == 0 || module == null ? module : this.lowerWith(size, needs);
  }

  /**
   * Checks each attach point for good and lowers it at once, while the annotations of its body are its own.
   * `needs` are the bytes of scratch by attach point: found when `scratchSize` is 0, else used.
   */
  private lowerWith(scratchSize: i32, needs: Array<i32>): IrModule | null {
    const checker = this.checker;
    const module = new IrModule(this.source);
    module.sourceName = this.source.name;
    module.license = this.configuration.text(ConfigKey.License);
    const manifest = new Manifest(this.source, checker.types, this.configuration, checker.architecture.name, this.diagnostics.expansions);
    for (let i = 0; i < checker.maps.length; i++) {
      const map = checker.maps[i];
      settle(map);
      const row = layOutMap(map, checker.types, checker.maximumKeys);
      manifest.maps.push(row);
      module.maps.push(defineMap(row, checker.types, module.btf));
    }
    const onStackLimit = <i32>this.configuration.number(ConfigKey.OnStackLimit, 0, MAXIMUM_ON_STACK);
    const state = new LoweringState(module, manifest, checker, scratchSize, onStackLimit, this.settings.helperErrors);
    for (let i = 0; i < checker.contexts.length; i++) {
      const probe = checker.report(i);
      if (this.diagnostics.hasErrors || checker.needs.any) continue;
      const context = checker.contexts[i];
      if (context.isMissing || context.isUnused) {
        if (scratchSize == 0) needs.push(0);
        continue;
      }
      const row = this.programRow(context, i, manifest);
      const known = module.functions.length;
      const effects = manifest.events.length + manifest.bindings.length;
      const lowering = new Lowering(state, context, new IrFunction(row.name, row.section), scratchSize > 0 && needs[i] > 0);
      lowering.probe(probe);
      if (lowering.tooLarge)
        this.diagnostics.error(
          Code.TooComplex,
          context.point.start,
          context.point.end,
          "This probe unrolls to more instructions than a BPF program can have",
        );
      if (scratchSize == 0) needs.push(lowering.scratchNeed);
      if (lowering.needsTypedContext && context.provider == Provider.Rawtracepoint) {
        row.section = context.isPattern ? "tp_btf" : `tp_btf/${context.part(context.point.parts.length - 1)}`;
        lowering.f.section = row.section;
      }
      // Callbacks, messages and names are made for each program anew: with one of them it stays one of its own.
      const isPlain = module.functions.length == known && manifest.events.length + manifest.bindings.length == effects;
      const twin = isPlain ? this.twin(row, context.provider, lowering.f, module, manifest) : null;
      lowering.f.program = manifest.programs.length;
      manifest.programs.push(row);
      if (twin == null) module.functions.push(lowering.f);
      else row.name = twin.name;
    }
    if (this.diagnostics.hasErrors || checker.needs.any) return null;
    manifest.write(module.manifest);
    this.programs = manifest.programs;
    return module;
  }

  /**
   * The function of an earlier attach point of the same probe that does the same, so that one program serves both; null if there is
   * none. Wildcards are attached in ways of their own, and fentry programs are loaded for one function each.
   */
  private twin(row: ProgramRow, provider: Provider, f: IrFunction, module: IrModule, manifest: Manifest): IrFunction | null {
    const isFunction =
      provider == Provider.Kprobe || provider == Provider.Kretprobe || provider == Provider.Uprobe || provider == Provider.Uretprobe;
    if (!isFunction || row.hasWildcard) return null;
    for (let i = 0; i < module.functions.length; i++) {
      const other = module.functions[i];
      if (other.program < 0) continue;
      const known = manifest.programs[other.program];
      if (known.body == row.body && known.kind == row.kind && !known.hasWildcard && sameCode(f, other)) return other;
    }
    return null;
  }

  private programRow(context: ProbeContext, index: i32, manifest: Manifest): ProgramRow {
    const point = context.point;
    let name = providerName(point.provider);
    for (let i = 0; i < point.parts.length; i++) name += "_" + identifier(context.part(i));
    const target = readTarget(context);
    if (target.isUnsafe) manifest.unsafe("probing by address", point.start, point.end);
    return new ProgramRow(
      `${name}_${index + 1}`,
      target.section,
      providerName(point.provider),
      context.fullName,
      target.parts,
      context.body,
      point.start,
      point.end,
    );
  }

  protected optimise(module: IrModule): void {
    for (let i = 0; i < module.functions.length; i++) {
      const f = module.functions[i];
      this.afterPass(f, module, "lowering");
      simplifyControlFlow(f);
      this.afterPass(f, module, "control flow");
      numberValues(f);
      this.afterPass(f, module, "value numbering");
      simplifyControlFlow(f);
      removeDeadCode(f);
      this.afterPass(f, module, "dead code");
      while (joinBranches(f)) {
        simplifyControlFlow(f);
        removeDeadCode(f);
        this.afterPass(f, module, "joined branches");
      }
      if (this.dumps & Dump.Ir) printFunction(f, this.ir);
    }
  }

  /** Called after lowering and after each pass over `f`; tests validate the IR here. */
  protected afterPass(_f: IrFunction, _module: IrModule, _pass: string): void {}

  /** Makes the object from the one that llc made of `llvm`. */
  link(pointer: usize, length: u32): Status {
    const module = this.module!;
    const made = this.emit(module, readLlvmObject(module, pointer, length));
    if (!made) this.writeDiagnostics();
    return made ? Status.Object : Status.Failed;
  }

  private emit(module: IrModule, generated: GeneratedModule): bool {
    if (generated.error.length > 0) {
      const place = this.programs[programOf(module, generated.errorFunction)];
      this.diagnostics.error(Code.TooComplex, place.start, place.end, generated.error);
      return false;
    }
    if (this.dumps & Dump.Bpf) {
      const names = new DisassemblyNames();
      for (let i = 0; i < module.maps.length; i++) names.maps.push(module.maps[i].symbol);
      for (let i = 0; i < module.functions.length; i++) names.functions.push(module.functions[i].name);
      for (let i = 0; i < generated.functions.length; i++) disassemble(generated.functions[i], names, this.bpf);
    }
    writeObject(module, generated, this.object);
    return true;
  }

  private dumpTypes(): void {
    const types = this.checker.types;
    const maps = this.checker.maps;
    for (let i = 0; i < maps.length; i++) {
      const map = maps[i];
      const key = map.keyType == BasicType.None ? "" : `[${types.describe(map.keyType)}]`;
      this.typesText.writeText(`${map.text}${key}: ${types.describe(map.valueType)}\n`);
    }
  }

  private writeDiagnostics(): void {
    const out = this.diagnosticsJson;
    out.clear();
    const source = this.source;
    this.diagnostics.sort();
    const all = this.diagnostics.all;
    out.writeU8(0x5b);
    for (let i = 0; i < all.length; i++) {
      const d = all[i];
      if (i > 0) out.writeU8(0x2c);
      out.writeText(`{"severity":"${d.severity == Severity.Error ? "error" : "warning"}","code":"${codeName(d.code)}","message":`);
      writeText(out, d.message);
      out.writeText(',"hint":');
      writeText(out, d.hint);
      this.writePlace(d.start, d.end);
      out.writeText(',"notes":[');
      for (let j = 0; j < d.notes.length; j++) this.writeNote(j == 0, d.notes[j]);
      const expansions = this.diagnostics.expansions;
      for (let at = d.expansion; at > 0; at = expansions.parent(at))
        this.writeNote(at == d.expansion && d.notes.length == 0, new Note(expansions.start(at), expansions.end(at), "expanded from"));
      out.writeText("]}");
    }
    out.writeU8(0x5d);
  }

  private writeNote(isFirst: bool, note: Note): void {
    const out = this.diagnosticsJson;
    out.writeText(isFirst ? '{"message":' : ',{"message":');
    writeText(out, note.message);
    this.writePlace(note.start, note.end);
    out.writeU8(0x7d);
  }

  private writePlace(start: u32, end: u32): void {
    const source = this.source;
    const out = this.diagnosticsJson;
    const file = source.file(start);
    end = source.endOf(start, end);
    if (file.start > 0) {
      out.writeText(',"file":');
      writeText(out, file.name);
    }
    out.writeText(
      `,"start":${start - file.start},"end":${end - file.start},"line":${source.line(start)},"column":${source.column(start)},"endLine":${source.line(end)},"endColumn":${source.column(end)}`,
    );
  }

  /** Headers are asked for alone: nothing is checked before all of the text is there. */
  private writeHeaderNeeds(): void {
    const out = this.needsJson;
    const wanted = this.includes.wanted;
    for (let i = 0; i < wanted.length; i++) {
      const key = wanted[i];
      const pathEnd = key.indexOf("\n");
      if (i > 0) out.writeU8(0x2c);
      const use = key.charCodeAt(0);
      out.writeText('{"kind":"header","path":');
      writeText(out, key.substring(1, pathEnd));
      out.writeText(`,"use":"${use == FileUse.System ? "system" : use == FileUse.Quoted ? "quoted" : "import"}","from":`);
      writeText(out, key.substring(pathEnd + 1));
      out.writeU8(0x7d);
    }
  }

  private writeNeeds(): void {
    const out = this.needsJson;
    const needs = this.checker.needs;
    out.writeU8(0x5b);
    this.writeHeaderNeeds();
    const first = <u32>out.length;
    if (needs.kernelBtf) out.writeText('{"kind":"btf","module":"vmlinux"}');
    for (let i = 0; i < needs.symbols.length; i++) this.writeNeed(first, needs.symbols[i], "symbol", "binary", "\n", "name");
    for (let i = 0; i < needs.tracepoints.length; i++) this.writeNeed(first, needs.tracepoints[i], "tracepoint", "category", ":", "event");
    for (let i = 0; i < needs.kernelFunctions.length; i++)
      this.writeNeed(first, needs.kernelFunctions[i], "kfunc", "programType", ":", "name");
    out.writeU8(0x5d);
  }

  /** One need, whose key is two names with `separator` between them; the list's first one starts at `first`. */
  private writeNeed(first: u32, key: string, kind: string, before: string, separator: string, behind: string): void {
    const out = this.needsJson;
    const end = key.indexOf(separator);
    if (<u32>out.length > first) out.writeU8(0x2c);
    out.writeText(`{"kind":"${kind}","${before}":`);
    writeText(out, key.substring(0, end));
    out.writeText(`,"${behind}":`);
    writeText(out, key.substring(end + 1));
    out.writeU8(0x7d);
  }
}

/** Index of the program that a function belongs to: callbacks come before theirs. */
function programOf(module: IrModule, index: i32): i32 {
  while (module.functions[index].program < 0) index++;
  return module.functions[index].program;
}

function writeText(out: ByteBuffer, text: string): void {
  const buffer = String.UTF8.encode(text);
  writeJsonString(out, changetype<usize>(buffer), buffer.byteLength);
}

/** `text` with everything but letters, digits and underscores replaced: what kernel and bpftool take in names. */
function identifier(text: string): string {
  let result = "";
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const plain = (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
    result += plain ? String.fromCharCode(code) : "_";
  }
  return result;
}
