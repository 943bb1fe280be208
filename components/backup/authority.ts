import * as pulumi from "@pulumi/pulumi";
import type { Image } from "../docker/images.ts";
import { type JobPlace, job } from "../docker/job.ts";
import type { Placement } from "../docker/placement.ts";
import { type SecretFile, secretFile } from "../docker/secretFile.ts";

export interface AuthorityArgs {
  readonly place: JobPlace;
  readonly image: Image;
}

/** What a certificate says. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Names and addresses by which the bearer is reached. */
  readonly altNames: readonly string[];
}

/** A key pair as the files a container needs. */
export interface Certificate {
  /** `tls.crt`, `tls.key` and the authority's `tls-ca.crt`. */
  readonly files: readonly SecretFile[];
}

interface Pair {
  readonly key: string;
  readonly crt: string;
}

/** Days a leaf certificate holds. */
const LEAF_DAYS = 400;

/**
 * Days between renewals: the first `up` in a new period issues new ones, when the old ones are good
 * for at least 220 days more. The date enters the program here and nowhere else, and coarsely: two
 * people who preview on one day see the same plan but on one day in 180.
 */
const RENEWAL_DAYS = 180;

/**
 * The stack's private certificate authority (M23). It signs what pgBackRest's servers and clients
 * show each other.
 *
 * The authority is made once: its inputs are ignored afterwards, or a new image would make a new
 * authority that nobody trusts; and it is protected.
 */
export class Authority extends pulumi.ComponentResource {
  private readonly args: AuthorityArgs;
  private readonly pair: pulumi.Output<Pair>;
  /** Its certificate, PEM: by it a client knows all that was issued here. */
  readonly certificate: pulumi.Output<string>;

  constructor(name: string, args: AuthorityArgs, opts: pulumi.ComponentResourceOptions) {
    super("holdfast:backup:Authority", name, {}, opts);
    this.args = args;
    const authority = job(
      args.place,
      "certificate-authority",
      { image: args.image, command: ["holdfast-ca-create"], output: "secret" },
      {
        parent: this,
        protect: true,
        ignoreChanges: ["create", "update", "environment", "stdin", "triggers"],
      },
    );
    this.pair = authority.stdout.apply(parsePair);
    this.certificate = this.pair.apply(({ crt }) => crt);
    this.registerOutputs({});
  }

  /** A certificate for one container; logical name `<site>-<alias>-certificate`. */
  issue(placement: Placement, alias: string, request: CertificateRequest): Certificate {
    const stdin = this.pair.apply((ca) =>
      JSON.stringify({
        ca,
        commonName: request.commonName,
        altNames: request.altNames,
        days: LEAF_DAYS,
      }),
    );
    const { network: _, ...place } = placement;
    const leaf = job(
      place,
      `${placement.site}-${alias}-certificate`,
      {
        image: this.args.image,
        command: ["holdfast-ca-issue"],
        stdin,
        triggers: [`period ${renewalPeriod(Date.now())}`],
        output: "secret",
      },
      {
        parent: this,
        // A new image of the authority is no reason for new certificates.
        ignoreChanges: ["create", "update", "environment"],
      },
    );
    const pair = leaf.stdout.apply(parsePair);
    return {
      files: [
        secretFile("tls-ca.crt", this.certificate),
        secretFile(
          "tls.crt",
          pair.apply(({ crt }) => crt),
        ),
        secretFile(
          "tls.key",
          pair.apply(({ key }) => key),
        ),
      ],
    };
  }
}

/** Number of the renewal period that a moment (milliseconds since 1970) lies in. */
export function renewalPeriod(now: number): number {
  return Math.floor(now / (RENEWAL_DAYS * 86_400_000));
}

function parsePair(text: string): Pair {
  return JSON.parse(text) as Pair;
}
