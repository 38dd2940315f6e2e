package io.signalbox.server.store;

import io.signalbox.server.config.LimitsConfig;
import io.signalbox.server.config.SessionConfig;
import io.signalbox.server.config.SessionConfig.Overflow;
import io.signalbox.server.config.StoreConfig;

/**
 * How much the store keeps. What exceeds it is dropped and counted.
 *
 * @param queueMessagesMax 1.. messages queued for one session
 * @param queueBytesMax 1.. bytes queued for one session, as {@link Store} accounts for them
 * @param overflow what gives way when a session's queue is full
 * @param queuedMessagesMax 1.. messages queued for all sessions together
 * @param retainedMessagesMax 0.. retained messages
 * @param retainedBytesMax 0.. bytes of retained messages
 */
public record StoreLimits(
    long queueMessagesMax,
    long queueBytesMax,
    Overflow overflow,
    long queuedMessagesMax,
    long retainedMessagesMax,
    long retainedBytesMax) {

  public static final StoreLimits DEFAULTS =
      new StoreLimits(
          100_000, 256L << 20, Overflow.DROP_NEWEST, Long.MAX_VALUE, 1_000_000, 1L << 30);

  public StoreLimits {
    if (queueMessagesMax < 1 || queueBytesMax < 1 || queuedMessagesMax < 1) {
      throw new IllegalArgumentException(
          "queue limits "
              + queueMessagesMax
              + " messages, "
              + queueBytesMax
              + " bytes, "
              + queuedMessagesMax
              + " messages in all");
    }
    if (retainedMessagesMax < 0 || retainedBytesMax < 0) {
      throw new IllegalArgumentException(
          "retained limits " + retainedMessagesMax + " messages, " + retainedBytesMax + " bytes");
    }
  }

  /** What the operator configured. */
  public static StoreLimits of(StoreConfig store, SessionConfig session, LimitsConfig limits) {
    return new StoreLimits(
        session.queueMessagesMax(),
        session.queueBytesMax(),
        session.queueOverflow(),
        store.messagesMax() == 0 ? Long.MAX_VALUE : store.messagesMax(),
        limits.retainedMessagesMax(),
        limits.retainedBytesMax());
  }
}
