package io.signalbox.it.wire;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.properties;
import static io.signalbox.it.wire.PacketBytes.u16;
import static io.signalbox.it.wire.PacketBytes.utf8;

import java.nio.charset.StandardCharsets;

/** PUBLISH (section 3.3). Starts as QoS 0 without flags, properties and payload. */
public final class PublishBytes implements Bytes {
  private final Version version;
  private final String topic;
  private int qos;
  private int packetId;
  private boolean dup;
  private boolean retain;
  private byte[] publishProperties = new byte[0];
  private byte[] payload = new byte[0];

  PublishBytes(Version version, String topic) {
    this.version = version;
    this.topic = topic;
  }

  /** QoS 1 or 2 with its Packet Identifier. */
  public PublishBytes qos(int level, int id) {
    qos = level;
    packetId = id;
    return this;
  }

  public PublishBytes dup() {
    dup = true;
    return this;
  }

  public PublishBytes retain() {
    retain = true;
    return this;
  }

  /** Adds to the properties so far; only for 5.0. */
  public PublishBytes with(byte[]... more) {
    publishProperties = bytes(publishProperties, bytes((Object[]) more));
    return this;
  }

  public PublishBytes payload(String text) {
    return payload(text.getBytes(StandardCharsets.UTF_8));
  }

  public PublishBytes payload(byte[] data) {
    payload = data;
    return this;
  }

  @Override
  public byte[] toBytes() {
    return packet(
        0x30 | (dup ? 0x08 : 0) | (qos << 1) | (retain ? 0x01 : 0),
        utf8(topic),
        qos == 0 ? new byte[0] : u16(packetId),
        properties(version, publishProperties),
        payload);
  }
}
