// SARIF 2.1.0: what code scanning services read. One run for each profile.

import { pathToFileURL } from "node:url";
import type { Artifact, ArtifactLocation, Invocation, Location, Log, Region, ReportingDescriptor, Result, Run } from "sarif";
import type { Diagnostic } from "../../../wasm/compiler.ts";
import type { Reference } from "../../../wasm/reference.ts";
import { RUNNER_CODES } from "../../core/codes.ts";
import {
  type CheckedProfile,
  type CheckedScript,
  type Failure,
  fileUri,
  type Place,
  placeOf,
  type Report,
  wholeMessage,
} from "./report.ts";

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/** Names the working directory in addresses of files. */
const WORKING_DIRECTORY = "WORKINGDIRECTORY";

function rulesOf(reference: Reference): ReportingDescriptor[] {
  return [...reference, ...RUNNER_CODES]
    .filter(({ kind }) => kind === "code")
    .map(({ name, documentation }) => ({
      id: name,
      shortDescription: { text: `${documentation.split(". ", 1)[0]}.` },
      fullDescription: { text: `${documentation}.` },
    }));
}

/** The files of a run, each once. */
class Artifacts {
  readonly list: Artifact[] = [];

  #add(artifact: Artifact & { location: ArtifactLocation }): ArtifactLocation {
    const { location } = artifact;
    const known = this.list.findIndex((other) => other.location?.uri === location.uri);
    if (known < 0) this.list.push(artifact);
    return { ...location, index: known < 0 ? this.list.length - 1 : known };
  }

  file(name: string, isScript: boolean): ArtifactLocation {
    const { uri, isRelative } = fileUri(name);
    return this.#add({
      location: isRelative ? { uri, uriBaseId: WORKING_DIRECTORY } : { uri },
      ...(isScript ? { roles: ["analysisTarget"] } : {}),
      sourceLanguage: isScript ? "bpftrace" : "c",
    });
  }

  script({ name, isText, compiled }: CheckedScript): ArtifactLocation {
    if (!isText) return this.file(name, true);
    const text = compiled?.source.text;
    return this.#add({
      location: { uri: encodeURIComponent(name) },
      roles: ["analysisTarget"],
      sourceLanguage: "bpftrace",
      ...(text === undefined ? {} : { contents: { text } }),
    });
  }
}

function regionOf({ line, column, endLine, endColumn }: Place): Region {
  return { startLine: line, startColumn: column, endLine, endColumn };
}

function resultOf(diagnostic: Diagnostic, script: CheckedScript, rules: readonly ReportingDescriptor[], artifacts: Artifacts): Result {
  const { severity, code, file } = diagnostic;
  const place = script.compiled === undefined ? undefined : placeOf(diagnostic, script.compiled);
  const artifactLocation = file === undefined ? artifacts.script(script) : artifacts.file(file, false);
  const ruleIndex = rules.findIndex(({ id }) => id === code);
  const related = diagnostic.notes.map((note): Location => {
    const notePlace = script.compiled === undefined ? undefined : placeOf(note, script.compiled);
    return {
      message: { text: note.message },
      physicalLocation: {
        artifactLocation: note.file === undefined ? artifacts.script(script) : artifacts.file(note.file, false),
        ...(notePlace === undefined ? {} : { region: regionOf(notePlace) }),
      },
    };
  });
  return {
    ruleId: code,
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level: severity,
    message: { text: wholeMessage(diagnostic) },
    locations: [
      {
        physicalLocation: {
          artifactLocation,
          ...(place === undefined ? {} : { region: regionOf(place) }),
        },
      },
    ],
    ...(related.length === 0 ? {} : { relatedLocations: related }),
  };
}

function invocationOf(failures: readonly Failure[]): Invocation {
  return {
    executionSuccessful: failures.length === 0,
    toolExecutionNotifications: failures.map(({ name, error: { code, message, details } }) => ({
      descriptor: { id: code },
      level: "error",
      message: { text: wholeMessage({ message, ...details }) },
      ...(name === undefined ? {} : { locations: [{ message: { text: name } }] }),
    })),
  };
}

function runOf(profile: CheckedProfile, { version, reference, failures }: Report): Run {
  const rules = rulesOf(reference);
  const artifacts = new Artifacts();
  for (const script of profile.scripts) artifacts.script(script);
  return {
    tool: { driver: { name: "bpfcast", version, semanticVersion: version, rules } },
    // What ends with a slash is a category to GitHub, which keeps the runs of several profiles apart by it.
    automationDetails: { id: `bpfcast/check/${profile.name}/`, description: { text: profile.description } },
    invocations: [invocationOf(failures.filter((failure) => failure.profile === undefined || failure.profile === profile.name))],
    originalUriBaseIds: { [WORKING_DIRECTORY]: { uri: `${pathToFileURL(process.cwd()).href.replace(/\/$/, "")}/` } },
    columnKind: "utf16CodeUnits",
    results: profile.scripts.flatMap((script) =>
      (script.compiled?.diagnostics ?? []).map((diagnostic) => resultOf(diagnostic, script, rules, artifacts)),
    ),
    artifacts: artifacts.list,
  };
}

export function sarif(report: Report): string {
  const log: Log = { $schema: SCHEMA, version: "2.1.0", runs: report.profiles.map((profile) => runOf(profile, report)) };
  return `${JSON.stringify(log, null, 2)}\n`;
}
