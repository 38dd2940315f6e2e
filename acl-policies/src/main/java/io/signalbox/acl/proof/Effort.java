package io.signalbox.acl.proof;

/**
 * What the searches for one answer may cost together. Each has bounds of its own, but a policy can
 * ask for many that go up to theirs. One thread at a time.
 */
final class Effort {
  private final long stepsMax;
  private long steps;

  /**
   * @param stepsMax of a pattern by one letter; a million takes from half a second to three
   */
  Effort(long stepsMax) {
    this.stepsMax = stepsMax;
  }

  /** For an answer without which no policy comes into force: that one may take its time. */
  static Effort unbounded() {
    return new Effort(Long.MAX_VALUE);
  }

  /**
   * @throws TooComplex when they are too many
   */
  void spend(int more) {
    steps += more;
    if (steps > stepsMax) {
      throw new TooComplex("gave up after a long search for clients that would tell");
    }
  }
}
