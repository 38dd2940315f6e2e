package io.signalbox.acl.proof;

/**
 * What the searches for one answer may cost together. Each has bounds of its own, but a policy can
 * ask for many that go up to theirs. One thread at a time.
 */
public final class Effort {
  /** Half a minute at worst; what real policies ask for needs no search, or a short one. */
  private static final long ANSWER_STEPS_MAX = 10_000_000;

  private final long stepsMax;
  private long steps;

  /**
   * @param stepsMax of a pattern by one letter, or what takes as long; a million takes from half a
   *     second to three
   */
  Effort(long stepsMax) {
    this.stepsMax = stepsMax;
  }

  /** For an answer without which no policy comes into force: that one may take its time. */
  public static Effort unbounded() {
    return new Effort(Long.MAX_VALUE);
  }

  /** For somebody who waits for the answer, and whom it serves to hear that there is none. */
  public static Effort ofOneAnswer() {
    return new Effort(ANSWER_STEPS_MAX);
  }

  /**
   * @throws TooComplex when they are too many
   */
  void spend(int more) {
    steps += more;
    if (isSpent()) {
      throw new TooComplex("gave up after a long search for clients that would tell");
    }
  }

  /** Whether what is not known might be with more of it. */
  public boolean isSpent() {
    return steps > stepsMax;
  }
}
