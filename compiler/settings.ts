// What the command line says that shapes the code, as lines of text: `option=value`.

export class Settings {
  /** Words behind the script, which positional parameters in attach points stand for; null while they are not known. */
  parameters: Array<string> | null = null;
  /** Helpers that fail are reported where the script runs (`-k`). */
  helperErrors: bool = false;
  /** The script runs at once, where it is compiled: what its probes stand for is found out by whoever runs it. */
  isLive: bool = false;
  /** Headers to read before the script (`--include`). */
  includes: Array<string> = [];
  /** The script will run in a PID namespace of its own: `pid` and `tid` are those in it. */
  pidNamespace: bool = false;
  /** LLVM makes the instructions, not our own code generator. */
  llvm: bool = false;

  /** Lines `parameter=WORD` in their order, `parameters=` before them, `include=FILE`, `helper-errors=1`, `live=1`, `pid-namespace=1`, `llvm=1`; others are passed over. */
  static read(text: string): Settings {
    const settings = new Settings();
    const lines = text.split("\n");
    for (let i = 0; i < lines.length; i++) {
      const equal = lines[i].indexOf("=");
      if (equal < 0) continue;
      const name = lines[i].substring(0, equal);
      if (name == "parameters") settings.parameters = [];
      else if (name == "parameter" && settings.parameters != null) settings.parameters!.push(lines[i].substring(equal + 1));
      else if (name == "include") settings.includes.push(lines[i].substring(equal + 1));
      else if (name == "helper-errors") settings.helperErrors = true;
      else if (name == "live") settings.isLive = true;
      else if (name == "pid-namespace") settings.pidNamespace = true;
      else if (name == "llvm") settings.llvm = true;
    }
    return settings;
  }
}
