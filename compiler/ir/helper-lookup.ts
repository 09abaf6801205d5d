// Looks a helper's row up by number or name.

import { HelperRow, helperRows } from "./helpers";

@final
export class HelperTable {
  private rows: StaticArray<HelperRow> = helperRows();

  /** The row of helper `number`, or null. */
  byNumber(number: i32): HelperRow | null {
    const rows = this.rows;
    for (let i = 0; i < rows.length; i++) if (rows[i].number == number) return rows[i];
    return null;
  }

  /** The row of the helper called `name` (without `bpf_`), or null. */
  byName(name: string): HelperRow | null {
    const rows = this.rows;
    for (let i = 0; i < rows.length; i++) if (rows[i].name == name) return rows[i];
    return null;
  }
}
