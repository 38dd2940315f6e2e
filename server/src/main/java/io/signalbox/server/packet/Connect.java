package io.signalbox.server.packet;

import org.jspecify.annotations.Nullable;

/**
 * CONNECT (MQTT 5.0 section 3.1).
 *
 * @param clientId may be empty: the server is asked to assign one
 * @param cleanStart Clean Session in 3.1.1, which there also means that the session ends with the
 *     connection
 * @param keepAliveSeconds 0..65,535; 0 is none
 * @param userName null when absent; an empty one is a value
 * @param password null when absent; an empty one is a value; shared, never modified
 */
public record Connect(
    ProtocolVersion version,
    String clientId,
    boolean cleanStart,
    int keepAliveSeconds,
    @Nullable Will will,
    @Nullable String userName,
    byte @Nullable [] password,
    Properties properties)
    implements Packet {

  /** Written out because javac keeps no type annotations of a compact constructor's parameters. */
  public Connect(
      ProtocolVersion version,
      String clientId,
      boolean cleanStart,
      int keepAliveSeconds,
      @Nullable Will will,
      @Nullable String userName,
      byte @Nullable [] password,
      Properties properties) {
    Checks.twoByte("keep alive", keepAliveSeconds);
    this.version = version;
    this.clientId = clientId;
    this.cleanStart = cleanStart;
    this.keepAliveSeconds = keepAliveSeconds;
    this.will = will;
    this.userName = userName;
    this.password = password;
    this.properties = properties;
  }

  @Override
  public PacketType type() {
    return PacketType.CONNECT;
  }

  /** For logs: never the password, which may be a token, nor the will's payload. */
  @Override
  public String toString() {
    return "Connect[version=%s, clientId=%s, cleanStart=%s, keepAliveSeconds=%d, will=%s, userName=%s, password=%s, properties=%s]"
        .formatted(
            version,
            clientId,
            cleanStart,
            keepAliveSeconds,
            will,
            userName,
            password == null ? "none" : "***",
            properties);
  }
}
