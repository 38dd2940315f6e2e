package io.signalbox.it.wire;

import static io.signalbox.it.wire.PacketBytes.binary;
import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.properties;
import static io.signalbox.it.wire.PacketBytes.u16;
import static io.signalbox.it.wire.PacketBytes.utf8;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * CONNECT (section 3.1). Starts as Clean Start 1, Keep Alive 0, empty Client Identifier, no will,
 * no credentials. Flags follow from the fields unless {@link #flags} names them.
 */
public final class ConnectBytes implements Bytes {
  private final Version version;
  private byte[] clientId = utf8("");
  private boolean cleanStart = true;
  private int keepAlive;
  private byte[] connectProperties = new byte[0];
  private byte @Nullable [] userName;
  private byte @Nullable [] password;
  private byte @Nullable [] willTopic;
  private byte[] willPayload = new byte[0];
  private byte[] willProperties = new byte[0];
  private int willQos;
  private boolean willRetain;
  private @Nullable Integer flags;

  ConnectBytes(Version version) {
    this.version = version;
  }

  public ConnectBytes clientId(String id) {
    clientId = utf8(id);
    return this;
  }

  /** Clean Start in 5.0, Clean Session in 3.1.1. */
  public ConnectBytes cleanStart(boolean clean) {
    cleanStart = clean;
    return this;
  }

  public ConnectBytes keepAlive(int seconds) {
    keepAlive = seconds;
    return this;
  }

  /** Adds to the properties so far; only for 5.0. */
  public ConnectBytes with(byte[]... more) {
    connectProperties = bytes(connectProperties, bytes((Object[]) more));
    return this;
  }

  public ConnectBytes userName(String name) {
    userName = utf8(name);
    return this;
  }

  public ConnectBytes password(String secret) {
    return password(secret.getBytes(StandardCharsets.UTF_8));
  }

  public ConnectBytes password(byte[] secret) {
    password = binary(secret);
    return this;
  }

  public ConnectBytes will(String topic, int qos, boolean retain, String payload, byte[]... props) {
    return will(utf8(topic), qos, retain, payload.getBytes(StandardCharsets.UTF_8), props);
  }

  /** A will whose topic field is given with its length bytes, well formed or not. */
  public ConnectBytes will(
      byte[] topicField, int qos, boolean retain, byte[] payload, byte[]... props) {
    willTopic = topicField;
    willQos = qos;
    willRetain = retain;
    willPayload = payload;
    willProperties = bytes((Object[]) props);
    return this;
  }

  /** Sets the Connect Flags byte itself, whatever fields are present. */
  public ConnectBytes flags(int connectFlags) {
    flags = connectFlags;
    return this;
  }

  private int connectFlags() {
    if (flags != null) {
      return flags;
    }
    return (userName != null ? 0x80 : 0)
        | (password != null ? 0x40 : 0)
        | (willTopic != null && willRetain ? 0x20 : 0)
        | (willTopic != null ? (willQos << 3) | 0x04 : 0)
        | (cleanStart ? 0x02 : 0);
  }

  @Override
  public byte[] toBytes() {
    byte[] none = new byte[0];
    byte[] will =
        willTopic == null
            ? none
            : bytes(properties(version, willProperties), willTopic, binary(willPayload));
    return packet(
        0x10,
        utf8("MQTT"),
        version.level(),
        connectFlags(),
        u16(keepAlive),
        properties(version, connectProperties),
        clientId,
        will,
        userName == null ? none : userName,
        password == null ? none : password);
  }
}
