package io.signalbox.acl.proof;

/**
 * What the searches for one answer may cost together. Each has bounds of its own, but a policy can
 * ask for many that go up to theirs. One thread at a time.
 */
final class Effort {
  /** Some seconds; what real policies ask for needs no search at all, or a few hundred steps. */
  private static final long STEPS_MAX = 2_000_000;

  private long steps;

  /**
   * @param more steps of a pattern by one letter
   * @throws TooComplex when they are too many
   */
  void spend(int more) {
    steps += more;
    if (steps > STEPS_MAX) {
      throw new TooComplex("gave up after a long search for clients that would tell");
    }
  }
}
