package io.signalbox.server.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.LargePayload;
import io.signalbox.server.routing.Message;
import io.signalbox.server.topic.InvalidTopicException;
import io.signalbox.server.topic.TopicName;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a message on disk and in commands:
 *
 * <pre>
 * version:1 = 1
 * flags:1     bits 0-1 QoS, 2 RETAIN, 3 topic, 4 expiry, 5 properties, 6 publisher are present
 * expiry:8    wall clock, milliseconds
 * topic       length:2, UTF-8; absent where the row's key is the topic
 * properties  length:4, as on the wire in MQTT 5.0 without their length
 * publisher   length:2, Client Identifier in UTF-8
 * payload     the rest
 * </pre>
 */
public final class MessageBytes {
  private static final int VERSION = 1;
  private static final int RETAIN = 1 << 2;
  private static final int TOPIC = 1 << 3;
  private static final int EXPIRY = 1 << 4;
  private static final int PROPERTIES = 1 << 5;
  private static final int PUBLISHER = 1 << 6;
  private static final int ALL = 0x7F;

  private static final byte[] NOTHING = {};

  private MessageBytes() {}

  /** All of a message but its publisher's session. Any thread. */
  public static byte[] encode(Message message) {
    var out = new RowWriter();
    write(out, message, true);
    return out.toArray();
  }

  /**
   * @throws IllegalArgumentException these are not the bytes of a message
   */
  public static Message decode(byte[] bytes) {
    try {
      return read(RowReader.of(bytes), null);
    } catch (CorruptRowException e) {
      throw new IllegalArgumentException("stored message: " + e.getMessage(), e);
    }
  }

  /** Bytes that {@link #write} writes. */
  static int length(Message message, boolean withTopic) {
    int properties = message.encodedProperties().length;
    int publisher = message.publisherClientId().getBytes(UTF_8).length;
    return 2
        + (message.expiresAtMillis() != Message.NEVER_EXPIRES ? 8 : 0)
        + (withTopic ? 2 + message.topic().utf8().length : 0)
        + (properties > 0 ? 4 + properties : 0)
        + (publisher > 0 ? 2 + publisher : 0)
        + message.payload().length;
  }

  static void write(RowWriter out, Message message, boolean withTopic) {
    byte[] topic = message.topic().utf8();
    byte[] properties = message.encodedProperties();
    byte[] publisher = message.publisherClientId().getBytes(UTF_8);
    boolean expires = message.expiresAtMillis() != Message.NEVER_EXPIRES;
    out.putByte(VERSION);
    out.putByte(
        message.qos().value()
            | (message.retain() ? RETAIN : 0)
            | (withTopic ? TOPIC : 0)
            | (expires ? EXPIRY : 0)
            | (properties.length > 0 ? PROPERTIES : 0)
            | (publisher.length > 0 ? PUBLISHER : 0));
    if (expires) {
      out.putLong(message.expiresAtMillis());
    }
    if (withTopic) {
      out.putShortBytes(topic);
    }
    if (properties.length > 0) {
      out.putLongBytes(properties);
    }
    if (publisher.length > 0) {
      out.putShortBytes(publisher);
    }
    out.putBytes(message.payload());
  }

  /**
   * @param known the topic where the form leaves it out
   * @throws CorruptRowException this is no message
   */
  static Message read(RowReader in, @Nullable TopicName known) {
    return read(in, known, null);
  }

  /**
   * @param shared where a large payload is looked for before it is copied; null: nowhere
   */
  static Message read(RowReader in, @Nullable TopicName known, @Nullable LargePayloads shared) {
    in.expectVersion(VERSION);
    int flags = flags(in);
    long expiresAt = (flags & EXPIRY) != 0 ? in.getLong() : Message.NEVER_EXPIRES;
    TopicName topic = (flags & TOPIC) != 0 ? topicName(in.getShortBytes()) : known;
    if (topic == null) {
      throw new CorruptRowException("message without a topic");
    }
    byte[] properties = (flags & PROPERTIES) != 0 ? in.getLongBytes() : NOTHING;
    String publisher = (flags & PUBLISHER) != 0 ? in.getString() : "";
    Qos qos = Qos.of(flags & 0b11);
    boolean retain = (flags & RETAIN) != 0;
    if (shared != null && in.remaining() > LargePayload.BYTES_MIN) {
      return Message.of(
          topic, qos, retain, propertiesOf(properties), expiresAt, shared.of(in.rest()), publisher);
    }
    return new Message(
        topic, qos, retain, propertiesOf(properties), expiresAt, in.getRest(), null, publisher);
  }

  private static Properties propertiesOf(byte[] encoded) {
    try {
      return Message.decodeProperties(encoded);
    } catch (IllegalArgumentException e) {
      throw new CorruptRowException(e);
    }
  }

  /** Reads only when the message expires. */
  static long expiresAtMillis(MemorySegment form) {
    var in = new RowReader(form);
    in.expectVersion(VERSION);
    return (flags(in) & EXPIRY) != 0 ? in.getLong() : Message.NEVER_EXPIRES;
  }

  /** Reads only the topic; null where the form leaves it out. */
  static byte @Nullable [] topic(MemorySegment form) {
    var in = new RowReader(form);
    in.expectVersion(VERSION);
    int flags = flags(in);
    if ((flags & EXPIRY) != 0) {
      in.skip(8);
    }
    return (flags & TOPIC) != 0 ? in.getShortBytes() : null;
  }

  private static int flags(RowReader in) {
    int flags = in.getByte();
    if ((flags & ~ALL) != 0 || (flags & 0b11) == 0b11) {
      throw new CorruptRowException("message flags " + flags);
    }
    return flags;
  }

  static TopicName topicName(byte[] utf8) {
    try {
      return TopicName.ofUtf8(utf8, 0, utf8.length);
    } catch (InvalidTopicException e) {
      throw new CorruptRowException(e);
    }
  }
}
