// Pictures of the maps that a script leaves, by way of the simulated kernel.

import type { MapTable } from "../../runner/core/maps.ts";
import type { Style } from "../../runner/core/names.ts";
import type { Scenario } from "../../runner/simulated/scenario.ts";
import { type Picture, picturesOf } from "../../web/charts/pictures.ts";
import { runner } from "../simulated/run.ts";

export interface Seen {
  pictures: Picture[];
  output: string;
  /** Of maps that are read at any time, as long as there are any. */
  read: () => Promise<MapTable[]>;
  style: Style;
}

export async function seen(script: string, scenario: Partial<Scenario> = {}): Promise<Seen> {
  let pictures: Picture[] | undefined;
  let read: Seen["read"] = async () => [];
  let style: Style | undefined;
  const { output, errors } = await runner.run(script, { steps: [], ...scenario }, "text", {
    begin: (reader, given) => {
      read = reader;
      style = given;
    },
    end: (tables) => {
      pictures = picturesOf(tables, style as Style);
    },
  });
  if (errors !== "") throw new Error(errors);
  if (pictures === undefined || style === undefined) throw new Error("the maps were never there");
  return { pictures, output, read, style };
}

export type PictureOf<Kind extends Picture["kind"]> = Extract<Picture, { kind: Kind }>;

/** The only map's picture. @throws Error when it is of another kind. */
export async function pictured<Kind extends Picture["kind"]>(
  kind: Kind,
  script: string,
  scenario: Partial<Scenario> = {},
): Promise<PictureOf<Kind>> {
  const { pictures } = await seen(script, scenario);
  const [picture] = pictures;
  if (pictures.length !== 1 || picture?.kind !== kind) throw new Error(`${pictures.map((one) => one.kind)}: no ${kind}`);
  return picture as PictureOf<Kind>;
}
