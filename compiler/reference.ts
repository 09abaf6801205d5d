// The reference of the language, from the rows that the compiler itself works by, as one JSON array: `Reference` of
// wasm/reference.ts. The help, the editor and the tests read it.

import { BuiltinRow, builtinRows, registerArgumentRow } from "./check/builtins";
import { ConfigKind, ConfigRow, configRows } from "./check/config";
import { functionRows } from "./check/function-rows";
import { perfEventRows } from "./check/perf-events";
import { ProbeContext } from "./check/probe-context";
import { HelperTable } from "./ir/helper-lookup";
import { writeJsonString } from "./object/manifest";
import { Region, useRegion } from "./runtime/region";
import { ByteBuffer } from "./source/bytes";
import { Code, codeMeaning, codeName } from "./source/codes";
import { AttachPoint, Provider } from "./syntax/ast";
import { languageRows } from "./syntax/language";
import { providerAliases, providerDocumentation, providerForm, providerKernel, providerName } from "./syntax/providers";

/** What the last call of `reference` made; its memory is that of a compile. */
let made: ByteBuffer | null = null;

/** Makes the text; the host reads it until `release`. */
export function reference(): usize {
  useRegion(Region.Compile);
  const writer = new Writer();
  writer.write();
  made = writer.out;
  return writer.out.pointer;
}

export function referenceLength(): u32 {
  return made!.length;
}

class Writer {
  out: ByteBuffer = new ByteBuffer(1 << 16);
  private helpers: HelperTable = new HelperTable();
  private builtins: Array<BuiltinRow> = builtinRows().concat([registerArgumentRow()]);

  write(): void {
    this.out.writeU8(0x5b);
    this.probes();
    for (let i = 0; i < this.builtins.length; i++) this.builtin(this.builtins[i]);
    this.functions();
    const keys = configRows();
    for (let i = 0; i < keys.length; i++) this.config(keys[i]);
    for (let i = 0; i < <i32>Code.Count; i++) this.begin("code", codeName(<Code>i), "", codeMeaning(<Code>i)).end();
    this.language();
    this.out.writeU8(0x5d);
  }

  private probes(): void {
    for (let i = <i32>Provider.Begin; i <= <i32>Provider.Iterator; i++) {
      const provider = <Provider>i;
      const context = contextOf(provider);
      this.begin("probe", providerName(provider), providerForm(provider), providerDocumentation(provider));
      this.list("aliases", providerAliases(provider));
      this.text("kernel", providerKernel(provider));
      const names: Array<string> = [];
      for (let k = 0; k < this.builtins.length; k++)
        if (context.hasBuiltin(this.builtins[k].recipe)) names.push(builtinName(this.builtins[k]));
      this.list("builtins", names);
      if (provider == Provider.Software || provider == Provider.Hardware) this.list("values", eventNames(provider == Provider.Hardware));
      this.end();
    }
  }

  private builtin(row: BuiltinRow): void {
    this.begin("builtin", builtinName(row), builtinName(row), row.documentation);
    this.text("type", row.typeText);
    if (row.helper != 0) this.text("feature", `helper:${this.helpers.byNumber(row.helper)!.name}`);
    const names: Array<string> = [];
    let everywhere = true;
    for (let i = <i32>Provider.Begin; i <= <i32>Provider.Iterator; i++) {
      const context = contextOf(<Provider>i);
      if (context.hasBuiltin(row.recipe)) names.push(providerName(<Provider>i));
      else everywhere = false;
    }
    if (!everywhere) this.list("probes", names);
    this.end();
  }

  private functions(): void {
    const rows = functionRows();
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      this.begin(row.isAggregation ? "aggregation" : "function", row.name, row.signature, row.documentation);
      this.text("type", row.type);
      this.text("example", row.example);
      this.text("feature", row.feature);
      this.text("kernel", row.kernel);
      this.flag("unsafe", row.isUnsafe);
      this.flag("unsupported", row.refusal.length > 0);
      this.text("why", row.refusal);
      this.end();
    }
  }

  private config(row: ConfigRow): void {
    const value =
      row.kind == ConfigKind.Bool
        ? "true or false"
        : row.kind == ConfigKind.Number
          ? "a number"
          : row.kind == ConfigKind.Text
            ? "a text"
            : "";
    this.begin("config", row.name, "", row.documentation);
    this.text("type", row.kind == ConfigKind.Choice || row.kind == ConfigKind.Switch ? "one of the values" : value);
    this.text("default", row.initial);
    this.list("values", row.values);
    this.text("environment", `BPFTRACE_${row.name.toUpperCase()}`);
    this.flag("deprecated", row.kind == ConfigKind.Deprecated || row.kind == ConfigKind.Renamed);
    this.flag("environmentOnly", row.kind == ConfigKind.EnvironmentOnly);
    this.end();
  }

  private language(): void {
    const rows = languageRows();
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      this.begin("language", row.name, row.signature, row.documentation);
      this.list("aliases", row.aliases);
      this.text("example", row.example);
      this.end();
    }
  }

  // JSON

  private begin(kind: string, name: string, signature: string, documentation: string): this {
    if (this.out.length > 1) this.out.writeU8(0x2c);
    this.out.writeAscii(`{"kind":"${kind}"`);
    this.text("name", name);
    this.text("signature", signature);
    this.text("documentation", documentation);
    return this;
  }

  private end(): void {
    this.out.writeU8(0x7d);
  }

  /** Left out when empty, as are the others. */
  private text(key: string, value: string): void {
    if (value.length == 0) return;
    this.out.writeAscii(`,"${key}":`);
    this.string(value);
  }

  private list(key: string, values: Array<string>): void {
    if (values.length == 0) return;
    this.out.writeAscii(`,"${key}":[`);
    for (let i = 0; i < values.length; i++) {
      if (i > 0) this.out.writeU8(0x2c);
      this.string(values[i]);
    }
    this.out.writeU8(0x5d);
  }

  private flag(key: string, value: bool): void {
    if (value) this.out.writeAscii(`,"${key}":true`);
  }

  private string(value: string): void {
    const bytes = String.UTF8.encode(value);
    writeJsonString(this.out, changetype<usize>(bytes), bytes.byteLength);
  }
}

/** A probe of that kind, of which nothing more is known. */
function contextOf(provider: Provider): ProbeContext {
  const point = new AttachPoint(0, 0);
  point.provider = provider;
  return new ProbeContext(point, 0, 0);
}

function builtinName(row: BuiltinRow): string {
  return row.name == "arg" ? "argN" : row.name;
}

/** Names and short names of perf's events. */
function eventNames(hardware: bool): Array<string> {
  const names: Array<string> = [];
  const rows = perfEventRows();
  for (let i = 0; i < rows.length; i++) {
    if ((rows[i].type == 0) != hardware) continue;
    names.push(rows[i].name);
    if (rows[i].alias.length > 0) names.push(rows[i].alias);
  }
  return names;
}
