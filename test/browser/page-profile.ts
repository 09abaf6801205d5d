// The default profile as a page reads it.

import { readProfile } from "../../runner/core/profile.ts";
import { ProfileTarget } from "../../runner/core/profile-target.ts";

export async function readDefaultProfile(): Promise<ProfileTarget> {
  const { body } = await fetch("/default.profile");
  if (body === null) throw new Error("no profile");
  const document = await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  return new ProfileTarget(readProfile(new Uint8Array(document)), "default.profile");
}
