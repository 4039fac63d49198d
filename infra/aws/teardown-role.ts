/** Name of the role that may empty the locked buckets of a stage for trials. A `prod` has none. */
export const teardownRoleName = (stage: string): string => `papergate-${stage}-teardown`;
