import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings.ts";
import { type ImageName, type ImageSpec, imagesOf } from "../images.ts";

/** An image on one Docker host, usable by containers there. */
export interface Image extends ImageSpec {
  readonly resource: docker.RemoteImage;
}

/** Declares the images on one Docker host; logical names `<host>-image-<name>`. */
export function declareImages(
  settings: Settings,
  host: string,
  opts: pulumi.CustomResourceOptions,
): Record<ImageName, Image> {
  const entries = imagesOf(settings).map((spec): [ImageName, Image] => {
    const resource = new docker.RemoteImage(
      `${host}-image-${spec.name}`,
      {
        name: spec.reference,
        // An old image may serve a container still to be replaced, or another stack.
        keepLocally: true,
        ...(spec.context === undefined
          ? {}
          : { build: { context: spec.context, buildArgs: { ...spec.buildArgs } } }),
      },
      opts,
    );
    return [spec.name, { ...spec, resource }];
  });
  return Object.fromEntries(entries) as Record<ImageName, Image>;
}
