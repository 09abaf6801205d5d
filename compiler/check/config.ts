// The configuration of a script: its config block, and BPFTRACE_* variables of the environment, which win (features 1.5).
//
// One row for each key says what values it takes and who applies it: the compiler, or the runner, to which the manifest
// carries it.

import { Code, Diagnostics } from "../source/diagnostics";
import { Symbols } from "../source/symbols";
import { ConfigEntry, Expression, NodeKind } from "../syntax/ast";
import { BooleanLiteral, Identifier, IntegerLiteral, StringLiteral } from "../syntax/expression-nodes";
import { closest } from "./suggestion";

/** What a key takes. */
export const enum ConfigKind {
  Bool,
  Number,
  Text,
  /** One of the words in `values`. */
  Choice,
  /** Like Choice; true and false mean enable and error. */
  Switch,
  /** Accepted with a warning. */
  Deprecated,
  /** Another key's old name. */
  Renamed,
  /** Only a variable of the environment. */
  EnvironmentOnly,
}

export const enum ConfigKey {
  CacheUserSymbols,
  CppDemangle,
  LazySymbolication,
  License,
  LogSize,
  MaxBpfPrograms,
  MaxCatBytes,
  MaxMapKeys,
  MaxProbes,
  MaxStringLength,
  MissingProbes,
  OnStackLimit,
  RingBufferPages,
  PrintMapsOnExit,
  ShowDebugInfo,
  StackMode,
  TruncationTrailer,
  UseBlazesym,
  /** A map to take the time of tseries() from: for tests of what it prints. */
  SeriesClock,
  UnstableSeries,
  UnstableTypeInformation,
  Unstable,
  Other,
}

@final
export class ConfigRow {
  /** The value as text: a number in decimal, `true`, `false`, or a word. */
  value: string;
  /** True once the environment set it. */
  fromEnvironment: bool = false;

  constructor(
    public name: string,
    public key: ConfigKey,
    public kind: ConfigKind,
    public initial: string,
    /** One line for help and editor. */
    public documentation: string,
    /** Choice: the words, in the order of the peer's message. Renamed: the new name. */
    public values: Array<string> = [],
  ) {
    this.value = initial;
  }
}

export function configRows(): Array<ConfigRow> {
  const switches = ["enable", "warn", "error"];
  const old = "Deprecated: accepted with a warning, no effect";
  const renamed = "The former name of another key";
  return [
    new ConfigRow(
      "cache_user_symbols",
      ConfigKey.CacheUserSymbols,
      ConfigKind.Choice,
      "AUTO",
      "Whether names of a program's functions are kept per process or per program; AUTO chooses by address randomisation and -c",
      ["PER_PID", "PER_PROGRAM", "NONE"],
    ),
    new ConfigRow(
      "cpp_demangle",
      ConfigKey.CppDemangle,
      ConfigKind.Bool,
      "true",
      "Whether names of C++ are shown as the programmer wrote them",
    ),
    new ConfigRow(
      "lazy_symbolication",
      ConfigKey.LazySymbolication,
      ConfigKind.Bool,
      "true",
      "Whether names of a process's functions are looked up when they are printed, not when the process is first seen",
    ),
    new ConfigRow(
      "license",
      ConfigKey.License,
      ConfigKind.Choice,
      "GPL",
      "The licence of the program, as the kernel is told; most helpers want one of the GPL's",
      ["Dual MIT/GPL", "Dual BSD/GPL", "Dual MPL/GPL", "GPL and additional rights", "GPL v2", "GPL"],
    ),
    new ConfigRow(
      "log_size",
      ConfigKey.LogSize,
      ConfigKind.Number,
      "1000000",
      "Bytes of the verifier's log that are kept when the kernel refuses a program",
    ),
    new ConfigRow("max_bpf_progs", ConfigKey.MaxBpfPrograms, ConfigKind.Number, "1024", "Programs at most that a script may load"),
    new ConfigRow("max_cat_bytes", ConfigKey.MaxCatBytes, ConfigKind.Number, "10240", "Bytes at most that cat() prints of a file"),
    new ConfigRow(
      "max_map_keys",
      ConfigKey.MaxMapKeys,
      ConfigKind.Number,
      "4096",
      "Keys at most that a map takes; more are refused with a warning",
    ),
    new ConfigRow("max_probes", ConfigKey.MaxProbes, ConfigKind.Number, "1024", "Places at most that a script may be attached to"),
    new ConfigRow(
      "max_strlen",
      ConfigKey.MaxStringLength,
      ConfigKind.Number,
      "1024",
      "Bytes of text that str() and buf() read when no length is given",
    ),
    new ConfigRow(
      "missing_probes",
      ConfigKey.MissingProbes,
      ConfigKind.Choice,
      "error",
      "What is done about a probe that the machine lacks",
      ["ignore", "warn", "error"],
    ),
    new ConfigRow(
      "on_stack_limit",
      ConfigKey.OnStackLimit,
      ConfigKind.Number,
      "64",
      "Bytes up to which a value lies on the stack of BPF, 512 bytes in all; larger ones lie in memory of their own",
    ),
    new ConfigRow(
      "perf_rb_pages",
      ConfigKey.RingBufferPages,
      ConfigKind.Number,
      "0",
      "Pages of the buffer between kernel and printer; 0 chooses by the machine's memory",
    ),
    new ConfigRow("print_maps_on_exit", ConfigKey.PrintMapsOnExit, ConfigKind.Bool, "true", "Whether all maps are printed at the end"),
    new ConfigRow(
      "show_debug_info",
      ConfigKey.ShowDebugInfo,
      ConfigKind.Bool,
      "false",
      "Whether stacks show the files and lines that debug information has",
    ),
    new ConfigRow(
      "stack_mode",
      ConfigKey.StackMode,
      ConfigKind.Choice,
      "bpftrace",
      "How stacks are printed, unless kstack() or ustack() says it",
      ["bpftrace", "raw", "perf", "build_id"],
    ),
    new ConfigRow("str_trunc_trailer", ConfigKey.TruncationTrailer, ConfigKind.Text, "..", "What is printed behind a text that was cut"),
    new ConfigRow("use_blazesym", ConfigKey.UseBlazesym, ConfigKind.Bool, "false", "Accepted, no effect"),
    new ConfigRow("unstable_tseries", ConfigKey.UnstableSeries, ConfigKind.Switch, "warn", "Whether tseries() may be used", switches),
    new ConfigRow("unstable_dw_ustack", ConfigKey.Unstable, ConfigKind.Switch, "warn", "Whether dw_ustack may be used", switches),
    new ConfigRow(
      "unstable_import_statement",
      ConfigKey.Unstable,
      ConfigKind.Switch,
      "error",
      "Whether import may stand inside of blocks",
      switches,
    ),
    new ConfigRow(
      "unstable_typeinfo",
      ConfigKey.UnstableTypeInformation,
      ConfigKind.Switch,
      "error",
      "Whether typeinfo may be used",
      switches,
    ),
    new ConfigRow("symbol_source", ConfigKey.Other, ConfigKind.Deprecated, "", old),
    new ConfigRow("max_type_res_iterations", ConfigKey.Other, ConfigKind.Deprecated, "", old),
    new ConfigRow("unstable_addr", ConfigKey.Other, ConfigKind.Deprecated, "", old),
    new ConfigRow("unstable_import", ConfigKey.Other, ConfigKind.Deprecated, "", old),
    new ConfigRow("unstable_macro", ConfigKey.Other, ConfigKind.Deprecated, "", old),
    new ConfigRow("unstable_map_decl", ConfigKey.Other, ConfigKind.Deprecated, "", old),
    new ConfigRow("strlen", ConfigKey.Other, ConfigKind.Renamed, "", renamed, ["max_strlen"]),
    new ConfigRow("no_cpp_demangle", ConfigKey.Other, ConfigKind.Renamed, "", renamed, ["cpp_demangle"]),
    new ConfigRow(
      "btf",
      ConfigKey.Other,
      ConfigKind.EnvironmentOnly,
      "",
      "A file with the BTF of the kernel, in place of /sys/kernel/btf/vmlinux",
    ),
    new ConfigRow("color", ConfigKey.Other, ConfigKind.EnvironmentOnly, "", "Accepted, no effect"),
    new ConfigRow(
      "dummy_ts_map",
      ConfigKey.SeriesClock,
      ConfigKind.EnvironmentOnly,
      "",
      "A map that tseries() takes the time from: for tests",
    ),
    new ConfigRow("kernel_build", ConfigKey.Other, ConfigKind.EnvironmentOnly, "", "Accepted, no effect: no kernel headers are read"),
    new ConfigRow("kernel_source", ConfigKey.Other, ConfigKind.EnvironmentOnly, "", "Accepted, no effect: no kernel headers are read"),
    new ConfigRow("objcopy", ConfigKey.Other, ConfigKind.EnvironmentOnly, "", "Accepted, no effect"),
    new ConfigRow("vmlinux", ConfigKey.Other, ConfigKind.EnvironmentOnly, "", "Accepted, no effect"),
  ];
}

export class Configuration {
  private rows: Array<ConfigRow> = configRows();

  constructor(
    private symbols: Symbols,
    private diagnostics: Diagnostics,
  ) {}

  private find(name: string): ConfigRow | null {
    for (let i = 0; i < this.rows.length; i++) if (this.rows[i].name == name) return this.rows[i];
    return null;
  }

  /** The keys that scripts can read, in the order of the table. */
  visibleRows(): Array<ConfigRow> {
    const rows: Array<ConfigRow> = [];
    for (let i = 0; i < this.rows.length; i++) if (this.rows[i].kind < ConfigKind.Deprecated) rows.push(this.rows[i]);
    return rows;
  }

  visibleRow(name: string): ConfigRow | null {
    const row = this.find(name);
    return row != null && row.kind < ConfigKind.Deprecated ? row : null;
  }

  text(key: ConfigKey): string {
    for (let i = 0; i < this.rows.length; i++) if (this.rows[i].key == key) return this.rows[i].value;
    assert(false, "a config key without a row");
    return "";
  }

  /** A number, held within what the compiler can do. */
  number(key: ConfigKey, least: i64, most: i64): i64 {
    const value = <i64>parseInt(this.text(key));
    return max(least, min(most, value));
  }

  /** `KEY=VALUE` lines: the BPFTRACE_ variables of the environment, without the prefix. */
  readEnvironment(settings: string): void {
    const lines = settings.split("\n");
    for (let i = 0; i < lines.length; i++) {
      const equal = lines[i].indexOf("=");
      if (equal <= 0) continue;
      const row = this.find(lines[i].substring(0, equal).toLowerCase());
      // Variables that mean nothing to us may mean something to others.
      if (row != null && row.key == ConfigKey.SeriesClock) row.value = lines[i].substring(equal + 1);
      if (row == null || row.kind >= ConfigKind.Deprecated) continue;
      const problem = this.assign(row, lines[i].substring(equal + 1));
      if (problem.length > 0)
        this.diagnostics.error(Code.InvalidConfig, 0, 0, problem, `It was set in the environment: BPFTRACE_${row.name.toUpperCase()}.`);
      row.fromEnvironment = true;
    }
  }

  readEntry(entry: ConfigEntry): void {
    const written = this.symbols.text(entry.name);
    let name = written.toLowerCase();
    if (name.startsWith("bpftrace_")) name = name.substring(9);
    const row = this.find(name);
    if (row == null) {
      const names: Array<string> = [];
      for (let i = 0; i < this.rows.length; i++) if (this.rows[i].kind < ConfigKind.Deprecated) names.push(this.rows[i].name);
      this.diagnostics.error(
        Code.UnknownConfig,
        entry.start,
        entry.end,
        `${written}: not a known configuration option`,
        closest(name, names),
      );
      return;
    }
    switch (row.kind) {
      case ConfigKind.Deprecated:
        this.diagnostics.warning(Code.Deprecated, entry.start, entry.end, `${written} is deprecated and has no effect`);
        return;
      case ConfigKind.Renamed:
        this.diagnostics.warning(Code.Deprecated, entry.start, entry.end, `${written} has been renamed, please use ${row.values[0]}`);
        return;
      case ConfigKind.EnvironmentOnly:
        this.diagnostics.error(Code.InvalidConfig, entry.start, entry.end, `${written}: can only be set as an environment variable`);
        return;
      default:
        break;
    }
    const before = row.value;
    const problem = this.assign(row, this.valueOf(entry.value));
    if (problem.length > 0) this.diagnostics.error(Code.InvalidConfig, entry.start, entry.end, problem);
    if (row.fromEnvironment) row.value = before;
  }

  private valueOf(e: Expression): string {
    switch (e.kind) {
      case NodeKind.IntegerLiteral:
        return (<IntegerLiteral>e).value.toString();
      case NodeKind.StringLiteral:
        return String.UTF8.decodeUnsafe((<StringLiteral>e).pointer, (<StringLiteral>e).length);
      case NodeKind.BooleanLiteral:
        return (<BooleanLiteral>e).value ? "true" : "false";
      default:
        return e.kind == NodeKind.Identifier ? this.symbols.text((<Identifier>e).name) : "";
    }
  }

  /** Sets a row's value; what is wrong with it, or an empty string. */
  private assign(row: ConfigRow, value: string): string {
    switch (row.kind) {
      case ConfigKind.Bool:
        if (isNumber(value)) row.value = parseInt(value) != 0 ? "true" : "false";
        else if (value == "true" || value == "false") row.value = value;
        else return `${row.name}: expecting true, false, 1 or 0, got ${value}`;
        return "";
      case ConfigKind.Number:
        if (!isNumber(value)) return `${row.name}: expecting a number, got ${value}`;
        row.value = value;
        return "";
      case ConfigKind.Text:
        row.value = value;
        return "";
      case ConfigKind.Switch:
        if (value == "true" || value == "1") value = "enable";
        else if (value == "false" || value == "0") value = "error";
        break;
      default:
        if (row.key == ConfigKey.CacheUserSymbols) value = value == "1" ? "PER_PID" : value == "0" ? "NONE" : value;
    }
    if (row.values.indexOf(value) >= 0) {
      row.value = value;
      return "";
    }
    if (row.key == ConfigKey.License) {
      return `Invalid value for license. Found: ${value}. Valid values: ${row.values.join(", ")}. Read more about BPF programs and licensing: https://docs.kernel.org/bpf/bpf_licensing.html#using-bpf-programs-in-the-linux-kernel`;
    }
    const last = row.values[row.values.length - 1];
    return `${row.name}: Invalid value for ${row.name}: valid values are ${row.values.slice(0, row.values.length - 1).join(", ")}, and ${last}.`;
  }
}

function isNumber(text: string): bool {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 48 || text.charCodeAt(i) > 57) return false;
  return text.length > 0 && text.length < 19;
}
