package io.signalbox.server.bench;

import io.signalbox.server.packet.Qos;
import java.time.Duration;

/**
 * How much is published, and how.
 *
 * @param payloadBytes {@value Stamp#BYTES} or more
 * @param window unacknowledged QoS 1 and 2 messages a publisher, 1..65,535; the broker's Receive
 *     Maximum bounds it too
 * @param undeliveredMax messages a publisher that are published and not yet delivered, 1 or more:
 *     keeps a broker from dropping QoS 0
 * @param messagesPerSecond of all publishers together; 0: as fast as the bounds allow
 * @param messages a publisher; 0: as many as go into the duration
 * @param duration of the measured part when {@code messages} is 0
 * @param warmUp publishing before the measured part
 */
public record Load(
    Qos qos,
    int payloadBytes,
    int window,
    int undeliveredMax,
    double messagesPerSecond,
    long messages,
    Duration duration,
    Duration warmUp) {

  /** Sequences are kept as bits. */
  static final long MESSAGES_MAX = 2_000_000_000;

  /** Thirty years: what a very slow pace takes longer nobody waits for. */
  private static final double SECONDS_MAX = 1e9;

  public Load {
    if (payloadBytes < Stamp.BYTES) {
      throw new IllegalArgumentException(
          "payload: " + payloadBytes + " bytes, at least " + Stamp.BYTES + " carry the checks");
    }
    if (window < 1 || window > 65_535) {
      throw new IllegalArgumentException("window: " + window + " is outside 1..65535");
    }
    require("undelivered", undeliveredMax, 1);
    if (messages < 0 || messages > MESSAGES_MAX) {
      throw new IllegalArgumentException(
          "messages: " + messages + " is outside 0.." + MESSAGES_MAX);
    }
    requireRate(messagesPerSecond);
  }

  /**
   * How long publishing is meant to take: the time that was asked for, or that the pace of so many
   * messages takes; nothing for as many as possible.
   */
  Duration plannedTime(int publishers) {
    if (messages == 0) {
      return warmUp.plus(duration);
    }
    return messagesPerSecond == 0
        ? warmUp
        : warmUp.plusSeconds(
            (long) Math.min(SECONDS_MAX, Math.ceil(messages * publishers / messagesPerSecond)));
  }

  /**
   * @throws IllegalArgumentException with the option's name when it is below its minimum
   */
  static void require(String option, long value, long min) {
    if (value < min) {
      throw new IllegalArgumentException(option + ": " + value + " is below " + min);
    }
  }

  /**
   * @throws IllegalArgumentException when it is no number of things a second
   */
  static void requireRate(double perSecond) {
    if (!(perSecond >= 0) || Double.isInfinite(perSecond)) {
      throw new IllegalArgumentException("rate: " + perSecond + " must be 0 or more");
    }
  }
}
