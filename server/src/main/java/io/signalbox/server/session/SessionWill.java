package io.signalbox.server.session;

import static java.util.Objects.requireNonNull;

import com.google.gson.ExclusionStrategy;
import com.google.gson.FieldAttributes;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.stream.JsonReader;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.principal.SigningKey;
import io.signalbox.server.principal.TrustPath;
import io.signalbox.server.routing.Message;
import io.signalbox.server.store.MessageBytes;
import io.signalbox.server.topic.TopicName;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A Will Message with all that is needed to authorize and publish it later, also after a restart
 * (MQTT 5.0 section 3.1.2.5).
 *
 * @param properties those that are passed on
 * @param messageExpirySeconds counted from publication; -1: none
 * @param delaySeconds Will Delay Interval, 0..4,294,967,295
 * @param principal whose will it is: authorized again when it is published
 * @param listener name of the listener the client had used
 * @param transport of the connection, see {@link io.signalbox.server.principal.Peer}
 * @param remoteAddress of the client; empty: not known
 * @param tlsVersion of the connection; empty: none, or not known
 */
public record SessionWill(
    TopicName topic,
    Qos qos,
    boolean retain,
    Properties properties,
    byte[] payload,
    long messageExpirySeconds,
    long delaySeconds,
    Principal principal,
    String listener,
    String transport,
    String remoteAddress,
    String tlsVersion) {
  /** Of one that is not stored: there may be one for each connection. */
  private static final int IN_MEMORY_BYTES_MAX = 4_096;

  private static final long DELAY_SECONDS_MAX = 0xFFFF_FFFFL;

  /**
   * By what a client that is connected is looked at again. Stays out of the store, where nobody
   * asks for it any more: the key of a token may be a secret.
   */
  private static final Set<Class<?>> OF_THE_CONNECTION = Set.of(SigningKey.class, TrustPath.class);

  /** Numbers in the claims of a token come back as the token's reader had them. */
  private static final Gson GSON =
      new GsonBuilder()
          .setObjectToNumberStrategy(SessionWill::number)
          .setExclusionStrategies(new WithoutConnection())
          .create();

  private static final class WithoutConnection implements ExclusionStrategy {
    @Override
    public boolean shouldSkipField(FieldAttributes field) {
      return OF_THE_CONNECTION.contains(field.getDeclaredClass());
    }

    @Override
    public boolean shouldSkipClass(Class<?> type) {
      return false;
    }
  }

  /** What the store keeps beside the message itself. */
  private record Header(
      long messageExpirySeconds,
      long delaySeconds,
      Principal principal,
      String listener,
      String transport,
      @Nullable String remoteAddress,
      @Nullable String tlsVersion) {
    Header {
      requireNonNull(principal, "principal");
      requireNonNull(listener, "listener");
      requireNonNull(transport, "transport");
      if (delaySeconds < 0 || delaySeconds > DELAY_SECONDS_MAX) {
        throw new IllegalArgumentException(
            "delay of " + delaySeconds + " s is outside 0.." + DELAY_SECONDS_MAX);
      }
    }
  }

  /** The same will of a client that showed another credential. */
  SessionWill of(Principal renewed) {
    return new SessionWill(
        topic,
        qos,
        retain,
        properties,
        payload,
        messageExpirySeconds,
        delaySeconds,
        renewed,
        listener,
        transport,
        remoteAddress,
        tlsVersion);
  }

  /**
   * Whether it is kept on disk although its session ends with the connection: it has to survive a
   * crash, or memory is no place for it.
   */
  public boolean isStoredAlways() {
    return qos != Qos.AT_MOST_ONCE || retain || bytes() > IN_MEMORY_BYTES_MAX;
  }

  /** As it is published at {@code wallMillis}. */
  public Message toMessage(String clientId, long wallMillis) {
    long expiresAt = Message.expiresAtMillis(messageExpirySeconds, wallMillis);
    return new Message(topic, qos, retain, properties, expiresAt, payload, null, clientId);
  }

  /** Approximate heap, for limits. */
  long bytes() {
    return toMessage("", 0).bytes();
  }

  /** Byte form for the store: length and JSON of the header, which is its head; the message. */
  byte[] encode() {
    byte[] header =
        GSON.toJson(
                new Header(
                    messageExpirySeconds,
                    delaySeconds,
                    principal,
                    listener,
                    transport,
                    remoteAddress,
                    tlsVersion))
            .getBytes(StandardCharsets.UTF_8);
    byte[] message =
        MessageBytes.encode(
            new Message(topic, qos, retain, properties, Message.NEVER_EXPIRES, payload, null, ""));
    return ByteBuffer.allocate(4 + header.length + message.length)
        .putInt(header.length)
        .put(header)
        .put(message)
        .array();
  }

  private static Number number(JsonReader in) throws IOException {
    var number = new BigDecimal(in.nextString());
    try {
      return number.longValueExact();
    } catch (ArithmeticException _) {
      return number;
    }
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  /**
   * @param head of the byte form, without its length
   * @throws RuntimeException it is not one
   */
  static long delaySeconds(byte[] head) {
    return header(head).delaySeconds();
  }

  private static Header header(byte[] json) {
    Header header = GSON.fromJson(new String(json, StandardCharsets.UTF_8), Header.class);
    if (header == null) {
      throw new IllegalArgumentException("a will without a head");
    }
    return header;
  }

  /**
   * Looks whether what is stored can be read by a start and be published.
   *
   * @throws RuntimeException these are not the bytes of a will
   */
  public static void requireForm(byte[] stored) {
    SessionWill _ = decode(stored);
  }

  /**
   * @throws RuntimeException these are not the bytes of a will
   */
  static SessionWill decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int headBytes = in.getInt();
    if (headBytes < 0 || headBytes > in.remaining()) {
      throw new IllegalArgumentException(
          "a will with a head of " + headBytes + " bytes in " + in.remaining());
    }
    byte[] head = new byte[headBytes];
    in.get(head);
    byte[] body = new byte[in.remaining()];
    in.get(body);
    Header h = header(head);
    Message message = MessageBytes.decode(body);
    return new SessionWill(
        message.topic(),
        message.qos(),
        message.retain(),
        message.properties(),
        message.payload(),
        h.messageExpirySeconds(),
        h.delaySeconds(),
        h.principal(),
        h.listener(),
        h.transport(),
        orEmpty(h.remoteAddress()),
        orEmpty(h.tlsVersion()));
  }
}
