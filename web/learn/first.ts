// The script that the page begins with: the only one that is there before the gallery is opened.

import { bt } from "./script-text.ts";

export const FIRST_SCRIPT = bt`
// Counts until it is stopped, then prints the map.
tracepoint:raw_syscalls:sys_enter {
  @calls[comm] = count();
}
`;
