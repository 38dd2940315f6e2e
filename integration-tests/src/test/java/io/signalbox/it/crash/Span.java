package io.signalbox.it.crash;

/** One SUBSCRIBE for one filter and what ended it, in ticks of the history. */
final class Span {
  private static final long NEVER = Long.MAX_VALUE;
  private static final String SHARE = "$share/";

  final String filter;
  final int qos;
  private final String plain;
  final long asked;
  private volatile long granted = NEVER;
  private volatile long leaving = NEVER;
  private volatile long left = NEVER;
  private volatile boolean dropped;

  Span(String filter, int qos, long asked) {
    this.filter = filter;
    this.qos = qos;
    this.plain =
        filter.startsWith(SHARE)
            ? filter.substring(filter.indexOf('/', SHARE.length()) + 1)
            : filter;
    this.asked = asked;
  }

  void granted(long tick) {
    granted = Math.min(granted, tick);
  }

  boolean isGranted() {
    return granted != NEVER;
  }

  /** UNSUBSCRIBE, or a CONNECT with Clean Start, was sent. */
  void leaving(long tick) {
    leaving = Math.min(leaving, tick);
  }

  boolean isLeaving() {
    return leaving != NEVER;
  }

  void left(long tick) {
    left = Math.min(left, tick);
  }

  boolean isLeft() {
    return left != NEVER;
  }

  /** Its session is to end with all that waits in it. */
  void drop() {
    dropped = true;
  }

  boolean isDropped() {
    return dropped;
  }

  /** The subscription was there from before the first byte of the letter to its acknowledgement. */
  boolean mustMatch(Letter letter) {
    return granted < letter.sent && leaving > letter.acknowledged && matches(letter);
  }

  /** Some moment at which the broker may have routed the letter has the subscription. */
  boolean mayMatch(Letter letter) {
    boolean inTime = asked < letter.acknowledged || letter.comesLater;
    return inTime && left > letter.sent && matches(letter);
  }

  /**
   * The subscription was there from before the letter was sent first until it was acknowledged, so
   * that no later transmission of it can have met one that began in between.
   */
  boolean wasThereFor(Letter letter) {
    boolean stayed = leaving == NEVER || leaving > letter.acknowledged;
    return granted < letter.sent && stayed && matches(letter);
  }

  /** Whenever it was sent. */
  boolean matches(Letter letter) {
    return History.matches(plain, letter.topic);
  }
}
