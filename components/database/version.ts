/**
 * PostgreSQL's major version, a build argument of the images that carry its server. It stands in their
 * resources' inputs, so that a preview shows a change of it: data of one version is not read by another,
 * and the safety plan refuses that in place (commands/plan/risks).
 *
 * Paths in images/ and templates/ name it too; tests/unit/version.test.ts holds them to this one.
 */
export const POSTGRESQL_MAJOR = 17;
