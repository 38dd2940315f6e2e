package io.signalbox.server.routing;

import io.signalbox.server.codec.PacketDecoder;
import io.signalbox.server.codec.PacketEncoder;
import io.signalbox.server.packet.PacketException;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.topic.TopicName;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * What travels inside the broker: a PUBLISH without what belongs to one connection (packet
 * identifier, DUP, alias, Subscription Identifiers). One object for all receivers, used by any
 * thread.
 */
public final class Message {
  /** The expiry time of a message that does not expire. */
  public static final long NEVER_EXPIRES = Long.MAX_VALUE;

  /**
   * The expiry time of a message with an interval of 0: whoever can be sent it as it arrives gets
   * it, and nobody else.
   */
  private static final long EXPIRES_AT_ONCE = 1;

  /** What {@link #remainingExpirySeconds} says of a message that does not expire. */
  public static final long NO_EXPIRY = -1;

  private static final long MILLIS_PER_SECOND = 1_000;
  private static final byte[] NO_PROPERTIES = {};

  /** This object, the name's and the payload's headers. */
  private static final int OBJECT_BYTES = 144;

  private static final AtomicLongFieldUpdater<Message> LEAST_REMAINING =
      AtomicLongFieldUpdater.newUpdater(Message.class, "leastRemainingSeconds");

  private final TopicName topic;
  private final Qos qos;
  private final boolean retain;
  private final Properties properties;
  private final long expiresAtMillis;
  private final byte[] payload;
  private final @Nullable LargePayload largePayload;
  private final @Nullable Subscriber publisher;
  private final String publisherClientId;

  private volatile byte @Nullable [] encodedProperties;
  private volatile long leastRemainingSeconds = Long.MAX_VALUE;

  /**
   * @param retain the RETAIN flag as it was published
   * @param forwarded {@link Properties#forwarded} of the PUBLISH
   * @param expiresAtMillis wall clock, or {@link #NEVER_EXPIRES}
   * @param payload not copied; nobody modifies it from here on
   * @param publisher the session that published; null when it has ended or there was none
   * @param publisherClientId its Client Identifier; empty when there was none
   */
  public Message(
      TopicName topic,
      Qos qos,
      boolean retain,
      Properties forwarded,
      long expiresAtMillis,
      byte[] payload,
      @Nullable Subscriber publisher,
      String publisherClientId) {
    this(
        topic,
        qos,
        retain,
        forwarded,
        expiresAtMillis,
        payload,
        LargePayload.isLarge(payload) ? new LargePayload(payload) : null,
        publisher,
        publisherClientId);
  }

  private Message(
      TopicName topic,
      Qos qos,
      boolean retain,
      Properties forwarded,
      long expiresAtMillis,
      byte[] payload,
      @Nullable LargePayload largePayload,
      @Nullable Subscriber publisher,
      String publisherClientId) {
    this.topic = topic;
    this.qos = qos;
    this.retain = retain;
    this.properties = forwarded;
    this.expiresAtMillis = expiresAtMillis;
    this.payload = payload;
    this.largePayload = largePayload;
    this.publisher = publisher;
    this.publisherClientId = publisherClientId;
    if (forwarded.isEmpty()) {
      encodedProperties = NO_PROPERTIES;
    }
  }

  /**
   * A message whose payload other messages may share; nobody is known to have published it.
   *
   * @param publisherClientId empty when there was none
   */
  public static Message of(
      TopicName topic,
      Qos qos,
      boolean retain,
      Properties forwarded,
      long expiresAtMillis,
      LargePayload payload,
      String publisherClientId) {
    return new Message(
        topic,
        qos,
        retain,
        forwarded,
        expiresAtMillis,
        payload.bytes(),
        payload,
        null,
        publisherClientId);
  }

  public TopicName topic() {
    return topic;
  }

  /** As it was published. */
  public Qos qos() {
    return qos;
  }

  /** The RETAIN flag as it was published. */
  public boolean retain() {
    return retain;
  }

  /** The properties that go on to receivers (MQTT 5.0 section 3.3.2.3). */
  public Properties properties() {
    return properties;
  }

  /** Wall clock, or {@link #NEVER_EXPIRES}. */
  public long expiresAtMillis() {
    return expiresAtMillis;
  }

  /** Shared, never to be modified. */
  public byte[] payload() {
    return payload;
  }

  /** The payload, if it is one to be shared; null: it is small. */
  public @Nullable LargePayload largePayload() {
    return largePayload;
  }

  /** The session that published; null when it has ended or there was none. */
  public @Nullable Subscriber publisher() {
    return publisher;
  }

  /** Empty when no client published this. */
  public String publisherClientId() {
    return publisherClientId;
  }

  /**
   * {@link #properties} as they stand in a version 5 PUBLISH, without a length in front: made once,
   * when the first receiver needs them. Shared, never to be modified.
   */
  public byte[] encodedProperties() {
    byte[] encoded = encodedProperties;
    if (encoded == null) {
      encoded =
          PacketEncoder.encodeForwardedProperties(
              properties); // two threads at once make equal bytes
      encodedProperties = encoded;
    }
    return encoded;
  }

  /**
   * The reverse of {@link #encodedProperties}.
   *
   * @throws IllegalArgumentException these are not such bytes
   */
  public static Properties decodeProperties(byte[] encoded) {
    try {
      return encoded.length == 0
          ? Properties.NONE
          : PacketDecoder.decodeForwardedProperties(encoded);
    } catch (PacketException e) {
      throw new IllegalArgumentException("encoded properties: " + e.getMessage(), e);
    }
  }

  /**
   * The expiry time of a message that arrives now.
   *
   * @param intervalSeconds its Message Expiry Interval; below 0: it has none
   */
  public static long expiresAtMillis(long intervalSeconds, long wallMillis) {
    if (intervalSeconds < 0) {
      return NEVER_EXPIRES;
    }
    return intervalSeconds == 0
        ? EXPIRES_AT_ONCE
        : wallMillis + intervalSeconds * MILLIS_PER_SECOND;
  }

  /** Whether it is only for those who can be sent it as it arrives. */
  public boolean expiresAtOnce() {
    return expiresAtMillis == EXPIRES_AT_ONCE;
  }

  /** Whether the message must not be delivered any more (MQTT 5.0 section 3.3.2.3.3). */
  public boolean isExpired(long wallMillis) {
    return wallMillis >= expiresAtMillis; // [MQTT-3.3.2-5]
  }

  /**
   * The Message Expiry Interval for a receiver served now, rounded up: 1 or more until the message
   * is expired, then 0; {@link #NO_EXPIRY} when it never is. Does not grow when the wall clock is
   * set back.
   */
  public long remainingExpirySeconds(long wallMillis) {
    if (expiresAtMillis == NEVER_EXPIRES) {
      return NO_EXPIRY;
    }
    long millis = Math.max(0, expiresAtMillis - wallMillis);
    long seconds = millis / MILLIS_PER_SECOND + (millis % MILLIS_PER_SECOND == 0 ? 0 : 1);
    return LEAST_REMAINING.accumulateAndGet(this, seconds, Math::min); // [MQTT-3.3.2-6]
  }

  /** Approximate heap in bytes, for limits; properties take about four times their encoding. */
  public int bytes() {
    return OBJECT_BYTES + topic.utf8().length + payload.length + 4 * encodedProperties().length;
  }
}
