// One AssemblyScript module by the compiler's API.
//
// `--runtime PATH` would make asc treat the region runtime as a garbage-collected one and keep a shadow stack of 32 KB, which
// deep recursion overflows. So the built-in stub is asked for and replaced by nothing: compiler/runtime/region.ts, which every
// entry imports, defines the functions that generated code calls.
import { libraryFiles, main } from "assemblyscript/asc";

libraryFiles["rt/index-stub"] = "";

/**
 * @param api of asc: `readFile` hands it other sources than those on the disk.
 * @returns true if the module was made (or, with --noEmit, is right); messages go to stderr.
 */
export async function assemble(entry, options, api = {}) {
  const { error, stderr } = await main([entry, "--runtime", "stub", ...options], api);
  process.stderr.write(stderr.toString());
  return error === null;
}
