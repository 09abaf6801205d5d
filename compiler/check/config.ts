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
    initial: string,
    /** Choice: the words, in the order of the peer's message. Renamed: the new name. */
    public values: Array<string> = [],
  ) {
    this.value = initial;
  }
}

function configRows(): Array<ConfigRow> {
  const switches = ["enable", "warn", "error"];
  return [
    new ConfigRow("cache_user_symbols", ConfigKey.CacheUserSymbols, ConfigKind.Choice, "AUTO", ["PER_PID", "PER_PROGRAM", "NONE"]),
    new ConfigRow("cpp_demangle", ConfigKey.CppDemangle, ConfigKind.Bool, "true"),
    new ConfigRow("lazy_symbolication", ConfigKey.LazySymbolication, ConfigKind.Bool, "true"),
    new ConfigRow("license", ConfigKey.License, ConfigKind.Choice, "GPL", [
      "Dual MIT/GPL",
      "Dual BSD/GPL",
      "Dual MPL/GPL",
      "GPL and additional rights",
      "GPL v2",
      "GPL",
    ]),
    new ConfigRow("log_size", ConfigKey.LogSize, ConfigKind.Number, "1000000"),
    new ConfigRow("max_bpf_progs", ConfigKey.MaxBpfPrograms, ConfigKind.Number, "1024"),
    new ConfigRow("max_cat_bytes", ConfigKey.MaxCatBytes, ConfigKind.Number, "10240"),
    new ConfigRow("max_map_keys", ConfigKey.MaxMapKeys, ConfigKind.Number, "4096"),
    new ConfigRow("max_probes", ConfigKey.MaxProbes, ConfigKind.Number, "1024"),
    new ConfigRow("max_strlen", ConfigKey.MaxStringLength, ConfigKind.Number, "1024"),
    new ConfigRow("missing_probes", ConfigKey.MissingProbes, ConfigKind.Choice, "error", ["ignore", "warn", "error"]),
    new ConfigRow("on_stack_limit", ConfigKey.OnStackLimit, ConfigKind.Number, "64"),
    new ConfigRow("perf_rb_pages", ConfigKey.RingBufferPages, ConfigKind.Number, "0"),
    new ConfigRow("print_maps_on_exit", ConfigKey.PrintMapsOnExit, ConfigKind.Bool, "true"),
    new ConfigRow("show_debug_info", ConfigKey.ShowDebugInfo, ConfigKind.Bool, "false"),
    new ConfigRow("stack_mode", ConfigKey.StackMode, ConfigKind.Choice, "bpftrace", ["bpftrace", "raw", "perf", "build_id"]),
    new ConfigRow("str_trunc_trailer", ConfigKey.TruncationTrailer, ConfigKind.Text, ".."),
    new ConfigRow("use_blazesym", ConfigKey.UseBlazesym, ConfigKind.Bool, "false"),
    new ConfigRow("unstable_tseries", ConfigKey.UnstableSeries, ConfigKind.Switch, "warn", switches),
    new ConfigRow("unstable_dw_ustack", ConfigKey.Unstable, ConfigKind.Switch, "warn", switches),
    new ConfigRow("unstable_import_statement", ConfigKey.Unstable, ConfigKind.Switch, "error", switches),
    new ConfigRow("unstable_typeinfo", ConfigKey.UnstableTypeInformation, ConfigKind.Switch, "error", switches),
    new ConfigRow("symbol_source", ConfigKey.Other, ConfigKind.Deprecated, ""),
    new ConfigRow("max_type_res_iterations", ConfigKey.Other, ConfigKind.Deprecated, ""),
    new ConfigRow("unstable_addr", ConfigKey.Other, ConfigKind.Deprecated, ""),
    new ConfigRow("unstable_import", ConfigKey.Other, ConfigKind.Deprecated, ""),
    new ConfigRow("unstable_macro", ConfigKey.Other, ConfigKind.Deprecated, ""),
    new ConfigRow("unstable_map_decl", ConfigKey.Other, ConfigKind.Deprecated, ""),
    new ConfigRow("strlen", ConfigKey.Other, ConfigKind.Renamed, "", ["max_strlen"]),
    new ConfigRow("no_cpp_demangle", ConfigKey.Other, ConfigKind.Renamed, "", ["cpp_demangle"]),
    new ConfigRow("btf", ConfigKey.Other, ConfigKind.EnvironmentOnly, ""),
    new ConfigRow("color", ConfigKey.Other, ConfigKind.EnvironmentOnly, ""),
    new ConfigRow("dummy_ts_map", ConfigKey.SeriesClock, ConfigKind.EnvironmentOnly, ""),
    new ConfigRow("kernel_build", ConfigKey.Other, ConfigKind.EnvironmentOnly, ""),
    new ConfigRow("kernel_source", ConfigKey.Other, ConfigKind.EnvironmentOnly, ""),
    new ConfigRow("objcopy", ConfigKey.Other, ConfigKind.EnvironmentOnly, ""),
    new ConfigRow("vmlinux", ConfigKey.Other, ConfigKind.EnvironmentOnly, ""),
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
