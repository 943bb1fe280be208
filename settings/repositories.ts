/** Fields of the backup repositories: what is dumped, and where the second repository is. */
import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { flag, matching, oneOf, text, wholeNumber } from "./fields.ts";

/**
 * The keys of provider s3. They are secrets of Pulumi's own and no settings, so that nothing which
 * reads or prints settings ever holds them: `pulumi config set --secret cloudKeyId`.
 */
export const cloudKeys: readonly string[] = ["cloudKeyId", "cloudKeySecret"];

/** A table for pg_dump, which would take * and ? for patterns. */
export const table = matching(
  "users",
  "expected a table's plain name, such as users or public.users; all of the database is dumped besides",
  /^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$/,
);

const expectedEndpoint =
  "expected https://host or https://host:port, without a path; the bucket is a setting of its own";

/** Only TLS: what is stored is sealed, but the keys' signatures and the names are not. */
const endpoint = text("https://s3.eu-central-1.amazonaws.com", expectedEndpoint, (given) => {
  if (given === "") return undefined;
  const [, host, port] =
    /^https:\/\/([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(\d{1,5}))?$/.exec(given) ?? [];
  if (host === undefined || Number(port ?? 443) > 65_535) return expectedEndpoint;
  return /^(localhost|127\..*)$/.test(host)
    ? `${host} is each container itself; name the S3 server's own address`
    : undefined;
});

const bucket = matching(
  "holdfast-backups",
  "expected a bucket's name: lower-case letters, digits, dashes and dots, 3 to 63 in all",
  /^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$/,
);

const region = matching(
  "us-east-1",
  "expected a region's name, such as us-east-1",
  /^[a-z0-9][a-z0-9-]{0,31}$/,
);

const prefix = matching(
  "holdfast",
  "expected names with / between them: lower-case letters, digits, dots, dashes and _",
  /^[a-z0-9][a-z0-9._-]{0,62}(\/[a-z0-9][a-z0-9._-]{0,62}){0,3}$/,
);

const expectedCertificate = "expected certificates in PEM (-----BEGIN CERTIFICATE-----)";
const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const certificates = text(undefined, expectedCertificate, (given) => {
  if (given.trim() === "") return undefined;
  const blocks = given.match(block) ?? [];
  if (blocks.length === 0 || given.replace(block, "").trim() !== "") return expectedCertificate;
  return blocks.every(isCertificate) ? undefined : `${expectedCertificate}; one cannot be read`;
});

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}

export const cloud = z.strictObject({
  provider: oneOf(["none", "builtin", "s3"], "none"),
  endpoint,
  region,
  bucket,
  prefix,
  pathStyle: flag(true),
  caCertificate: certificates,
  keepDays: wholeNumber(1, 3650, 30),
  keepDumps: wholeNumber(1, 3650, 30),
});
