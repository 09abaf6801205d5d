// strftime(3) in the C locale, with the peer's own conversions: %f microseconds, %k nanoseconds, %l milliseconds.

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const BILLION = 1_000_000_000n;
const DAY_MILLISECONDS = 86_400_000;

function pad(value: number, width: number, fill = "0"): string {
  return String(value).padStart(width, fill);
}

/** Days since the first of January, that day 0. */
function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / DAY_MILLISECONDS);
}

/** Year and number of the week by ISO 8601: the week belongs to the year of its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() + 3 - ((date.getDay() + 6) % 7));
  return { year: thursday.getFullYear(), week: Math.floor(dayOfYear(thursday) / 7) + 1 };
}

function zoneOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60), 2)}${pad(size % 60, 2)}`;
}

function zoneName(date: Date): string {
  const part = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date).find(({ type }) => type === "timeZoneName");
  return part?.value ?? "UTC";
}

/** One conversion; undefined for a letter that is none. */
function conversion(letter: string, date: Date, nanoseconds: bigint): string | undefined {
  const hour = date.getHours();
  const hour12 = hour % 12 === 0 ? 12 : hour % 12;
  const year = date.getFullYear();
  const expand = (format: string) => expandFormat(format, date, nanoseconds);
  const below = Number(nanoseconds % BILLION);
  switch (letter) {
    case "a":
      return (DAYS[date.getDay()] ?? "").slice(0, 3);
    case "A":
      return DAYS[date.getDay()];
    case "b":
    case "h":
      return (MONTHS[date.getMonth()] ?? "").slice(0, 3);
    case "B":
      return MONTHS[date.getMonth()];
    case "c":
      return expand("%a %b %e %H:%M:%S %Y");
    case "C":
      return pad(Math.floor(year / 100), 2);
    case "d":
      return pad(date.getDate(), 2);
    case "D":
    case "x":
      return expand("%m/%d/%y");
    case "e":
      return pad(date.getDate(), 2, " ");
    case "f":
      return pad(Math.floor(below / 1000), 6);
    case "F":
      return expand("%Y-%m-%d");
    case "g":
      return pad(isoWeek(date).year % 100, 2);
    case "G":
      return String(isoWeek(date).year);
    case "H":
      return pad(hour, 2);
    case "I":
      return pad(hour12, 2);
    case "j":
      return pad(dayOfYear(date) + 1, 3);
    case "k":
      return pad(below, 9);
    case "l":
      return pad(Math.floor(below / 1_000_000), 3);
    case "m":
      return pad(date.getMonth() + 1, 2);
    case "M":
      return pad(date.getMinutes(), 2);
    case "n":
      return "\n";
    case "p":
      return hour < 12 ? "AM" : "PM";
    case "P":
      return hour < 12 ? "am" : "pm";
    case "r":
      return expand("%I:%M:%S %p");
    case "R":
      return expand("%H:%M");
    case "s":
      return String(nanoseconds / BILLION);
    case "S":
      return pad(date.getSeconds(), 2);
    case "t":
      return "\t";
    case "T":
    case "X":
      return expand("%H:%M:%S");
    case "u":
      return String(date.getDay() === 0 ? 7 : date.getDay());
    case "U":
      return pad(Math.floor((dayOfYear(date) + 7 - date.getDay()) / 7), 2);
    case "V":
      return pad(isoWeek(date).week, 2);
    case "w":
      return String(date.getDay());
    case "W":
      return pad(Math.floor((dayOfYear(date) + 7 - ((date.getDay() + 6) % 7)) / 7), 2);
    case "y":
      return pad(year % 100, 2);
    case "Y":
      return String(year);
    case "z":
      return zoneOffset(date);
    case "Z":
      return zoneName(date);
    case "%":
      return "%";
    default:
      return undefined;
  }
}

function expandFormat(format: string, date: Date, nanoseconds: bigint): string {
  return format.replaceAll(/%[EO]?(.)/gsu, (whole, letter: string) => conversion(letter, date, nanoseconds) ?? whole);
}

/** @param nanoseconds since 1970; shown in the local time zone. */
export function formatTime(format: string, nanoseconds: bigint): string {
  return expandFormat(format, new Date(Number(nanoseconds / 1_000_000n)), nanoseconds);
}
