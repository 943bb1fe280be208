/** Two pieces of work of which neither is any use without the other. */
export interface Together<T> {
  /** Ends when `signal` says so, or when it is done. */
  readonly follow: (signal: AbortSignal) => Promise<T>;
  readonly provision: () => Promise<unknown>;
  /** Makes `provision` fail soon; called when `follow` failed. `ended` says that it did. */
  readonly endProvision: (ended: AbortSignal) => Promise<void>;
}

/**
 * Runs both side by side. Whichever fails first ends the other, and nothing goes on behind the
 * caller's back: both have ended when this does.
 *
 * @throws the error of the one that failed first
 */
export async function together<T>({ follow, provision, endProvision }: Together<T>): Promise<T> {
  const stop = new AbortController();
  const ended = new AbortController();
  let first: { readonly error: unknown } | undefined;
  const provisioning = provision()
    .catch((error: unknown) => {
      first ??= { error };
      stop.abort();
    })
    .finally(() => ended.abort());
  const following = follow(stop.signal).catch(async (error: unknown) => {
    first ??= { error };
    await endProvision(ended.signal);
    throw error;
  });
  const [followed] = await Promise.allSettled([following, provisioning]);
  if (first) {
    throw first.error;
  }
  return (followed as PromiseFulfilledResult<T>).value;
}
