package io.signalbox.it.crash;

import java.nio.charset.StandardCharsets;

/**
 * One message of a publisher, and what its publisher was told about it. Times are ticks of {@link
 * History#tick}; written by the publisher's thread, read by all.
 *
 * @see #acknowledged
 */
final class Letter {
  static final long NEVER = Long.MAX_VALUE;

  final String id;
  final String author;
  final long number;
  final String topic;
  final int qos;

  /** Seconds; 0: does not expire. */
  final int expirySeconds;

  private final int payloadBytes;

  /** When the first byte of it may have reached the broker. */
  volatile long sent = NEVER;

  volatile long sentAtMillis;

  /** PUBACK, or PUBREC: from then on it must not be lost. */
  volatile long acknowledged = NEVER;

  volatile long acknowledgedAtMillis = NEVER;

  /** How often its publisher sent it: with QoS 1 each may become a message of its own. */
  volatile int transmissions;

  /**
   * A Will Message: the broker publishes it at a moment of its own, which may be long after it was
   * due, to whoever subscribes by then.
   */
  volatile boolean comesLater;

  /** Its publisher is told when there is no room for it, and goes on with the next one. */
  volatile boolean refusable;

  /** A Will Message that must not be sent any more. */
  volatile boolean cancelled;

  /** It sets the retained message of its topic, or with no payload clears it. */
  final boolean retain;

  Letter(
      String author,
      long number,
      String topic,
      int qos,
      boolean retain,
      int expirySeconds,
      int payloadBytes) {
    this.retain = retain;
    this.id = author + ':' + number + ';';
    this.author = author;
    this.number = number;
    this.topic = topic;
    this.qos = qos;
    this.expirySeconds = expirySeconds;
    this.payloadBytes = payloadBytes;
  }

  boolean isEmpty() {
    return payloadBytes == 0;
  }

  byte[] payload() {
    if (isEmpty()) {
      return new byte[0];
    }
    return (id + "x".repeat(Math.max(0, payloadBytes - id.length())))
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** The id in a payload. */
  static String idOf(String payload) {
    return payload.substring(0, payload.indexOf(';') + 1); // empty if it is none of ours
  }

  void sending(History history) {
    if (transmissions == 0) {
      sentAtMillis = System.currentTimeMillis();
      sent = history.tick();
    }
    mayComeAgain();
  }

  void acknowledged(History history) {
    if (acknowledged == NEVER) {
      acknowledgedAtMillis = System.currentTimeMillis();
      acknowledged = history.tick();
    }
  }

  /** It may become one more message. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // only its publisher writes
  void mayComeAgain() {
    transmissions++;
  }

  boolean mayBeOver() {
    return expirySeconds > 0 && System.currentTimeMillis() >= sentAtMillis + expirySeconds * 1000L;
  }

  /** Over for longer than any hand takes from the broker to us. */
  boolean isLongOver(long slackMillis) {
    return expirySeconds > 0
        && acknowledged != NEVER
        && System.currentTimeMillis() > acknowledgedAtMillis + expirySeconds * 1000L + slackMillis;
  }

  @Override
  public String toString() {
    return id
        + " (topic "
        + topic
        + " QoS "
        + qos
        + ", sent "
        + transmissions
        + " times from "
        + sent
        + ", acknowledged "
        + (acknowledged == NEVER ? "not" : acknowledged)
        + ")";
  }
}
