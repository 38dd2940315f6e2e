package io.signalbox.server.config;

import java.time.Duration;

/**
 * What an MQTT session may keep while its client is away or behind. Section {@code session}.
 *
 * @param expirySecondsMax 0..4,294,967,295; the most a 5.0 client is granted, and what a 3.1.1
 *     client with Clean Session 0 gets; 4,294,967,295 is never
 * @param queueMessagesMax 1..1,000,000,000 messages stored for one session
 * @param queueBytesMax 1 KiB..1 TiB stored for one session
 * @param queueOverflow what is dropped when either is reached
 * @param memoryQueueMessagesMax 1..10,000,000 messages held in memory for one session, before the
 *     client's window or socket has room
 * @param memoryQueueBytesMax 1 KiB..64 GiB held in memory for one session
 * @param willRestartGrace 0..1 h after a restart in which a client may come back before the Will of
 *     its interrupted connection is sent
 * @param sharedHandover when other members get what one has not taken of a Shared Subscription
 */
public record SessionConfig(
    long expirySecondsMax,
    long queueMessagesMax,
    long queueBytesMax,
    Overflow queueOverflow,
    int memoryQueueMessagesMax,
    long memoryQueueBytesMax,
    Duration willRestartGrace,
    Handover sharedHandover) {

  /** When other members of a Shared Subscription get what one has not taken. */
  public enum Handover {
    /** When its session ends. */
    SESSION_END,
    /** When its connection ends, if another member is connected; else when its session ends. */
    DISCONNECT
  }

  /** What gives way when a session's queue is full. */
  public enum Overflow {
    /** The message that does not fit. */
    DROP_NEWEST,
    /** The oldest ones that were not sent yet. */
    DROP_OLDEST
  }

  private static final Range EXPIRY_SECONDS_MAX =
      Range.of("session.expiry-seconds-max", 0, 4_294_967_295L);
  private static final Range QUEUE_MESSAGES_MAX =
      Range.of("session.queue-messages-max", 1, 1_000_000_000);
  private static final Range QUEUE_BYTES_MAX = Range.of("session.queue-bytes-max", 1_024, 1L << 40);
  private static final Range MEMORY_QUEUE_MESSAGES_MAX =
      Range.of("session.memory-queue-messages-max", 1, 10_000_000);
  private static final Range MEMORY_QUEUE_BYTES_MAX =
      Range.of("session.memory-queue-bytes-max", 1_024, 1L << 36);
  private static final Range WILL_RESTART_GRACE =
      Range.millis("session.will-restart-grace-millis", 0, 3_600_000);

  public static final SessionConfig DEFAULTS =
      new SessionConfig(
          30L * 24 * 3_600,
          100_000,
          256L << 20,
          Overflow.DROP_NEWEST,
          10_000,
          16L << 20,
          Duration.ofSeconds(10),
          Handover.SESSION_END);

  public SessionConfig {
    EXPIRY_SECONDS_MAX.check(expirySecondsMax);
    QUEUE_MESSAGES_MAX.check(queueMessagesMax);
    QUEUE_BYTES_MAX.check(queueBytesMax);
    MEMORY_QUEUE_MESSAGES_MAX.check(memoryQueueMessagesMax);
    MEMORY_QUEUE_BYTES_MAX.check(memoryQueueBytesMax);
    WILL_RESTART_GRACE.check(willRestartGrace);
  }

  static SessionConfig read(Section session) {
    SessionConfig d = DEFAULTS;
    return session.make(
        d,
        () ->
            new SessionConfig(
                session.number(EXPIRY_SECONDS_MAX, d.expirySecondsMax),
                session.number(QUEUE_MESSAGES_MAX, d.queueMessagesMax),
                session.number(QUEUE_BYTES_MAX, d.queueBytesMax),
                session.choice("queue-overflow", Overflow.class, d.queueOverflow),
                session.integer(MEMORY_QUEUE_MESSAGES_MAX, d.memoryQueueMessagesMax),
                session.number(MEMORY_QUEUE_BYTES_MAX, d.memoryQueueBytesMax),
                session.duration(WILL_RESTART_GRACE, d.willRestartGrace),
                session.choice("shared-handover", Handover.class, d.sharedHandover)));
  }
}
