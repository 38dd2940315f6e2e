package io.signalbox.it.wire;

import static io.signalbox.it.wire.PacketBytes.binary;
import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.u16;
import static io.signalbox.it.wire.PacketBytes.u32;
import static io.signalbox.it.wire.PacketBytes.utf8;
import static io.signalbox.it.wire.PacketBytes.variableByteInteger;

/** One builder for each property of section 2.2.2.2: identifier, then the value. */
public final class PropertyBytes {
  public static final int PAYLOAD_FORMAT_INDICATOR = 0x01;
  public static final int MESSAGE_EXPIRY_INTERVAL = 0x02;
  public static final int CONTENT_TYPE = 0x03;
  public static final int RESPONSE_TOPIC = 0x08;
  public static final int CORRELATION_DATA = 0x09;
  public static final int SUBSCRIPTION_IDENTIFIER = 0x0B;
  public static final int SESSION_EXPIRY_INTERVAL = 0x11;
  public static final int ASSIGNED_CLIENT_IDENTIFIER = 0x12;
  public static final int SERVER_KEEP_ALIVE = 0x13;
  public static final int AUTHENTICATION_METHOD = 0x15;
  public static final int AUTHENTICATION_DATA = 0x16;
  public static final int REQUEST_PROBLEM_INFORMATION = 0x17;
  public static final int WILL_DELAY_INTERVAL = 0x18;
  public static final int REQUEST_RESPONSE_INFORMATION = 0x19;
  public static final int RESPONSE_INFORMATION = 0x1A;
  public static final int SERVER_REFERENCE = 0x1C;
  public static final int REASON_STRING = 0x1F;
  public static final int RECEIVE_MAXIMUM = 0x21;
  public static final int TOPIC_ALIAS_MAXIMUM = 0x22;
  public static final int TOPIC_ALIAS = 0x23;
  public static final int MAXIMUM_QOS = 0x24;
  public static final int RETAIN_AVAILABLE = 0x25;
  public static final int USER_PROPERTY = 0x26;
  public static final int MAXIMUM_PACKET_SIZE = 0x27;
  public static final int WILDCARD_SUBSCRIPTION_AVAILABLE = 0x28;
  public static final int SUBSCRIPTION_IDENTIFIER_AVAILABLE = 0x29;
  public static final int SHARED_SUBSCRIPTION_AVAILABLE = 0x2A;

  private PropertyBytes() {}

  public static byte[] payloadFormat(int indicator) {
    return bytes(PAYLOAD_FORMAT_INDICATOR, indicator);
  }

  public static byte[] messageExpiry(long seconds) {
    return bytes(MESSAGE_EXPIRY_INTERVAL, u32(seconds));
  }

  public static byte[] contentType(String type) {
    return bytes(CONTENT_TYPE, utf8(type));
  }

  public static byte[] responseTopic(String topic) {
    return bytes(RESPONSE_TOPIC, utf8(topic));
  }

  public static byte[] correlationData(byte... data) {
    return bytes(CORRELATION_DATA, binary(data));
  }

  public static byte[] subscriptionId(int identifier) {
    return bytes(SUBSCRIPTION_IDENTIFIER, variableByteInteger(identifier));
  }

  public static byte[] sessionExpiry(long seconds) {
    return bytes(SESSION_EXPIRY_INTERVAL, u32(seconds));
  }

  public static byte[] assignedClientId(String clientId) {
    return bytes(ASSIGNED_CLIENT_IDENTIFIER, utf8(clientId));
  }

  public static byte[] serverKeepAlive(int seconds) {
    return bytes(SERVER_KEEP_ALIVE, u16(seconds));
  }

  public static byte[] authenticationMethod(String method) {
    return bytes(AUTHENTICATION_METHOD, utf8(method));
  }

  public static byte[] authenticationData(byte... data) {
    return bytes(AUTHENTICATION_DATA, binary(data));
  }

  public static byte[] requestProblemInformation(int value) {
    return bytes(REQUEST_PROBLEM_INFORMATION, value);
  }

  public static byte[] willDelay(long seconds) {
    return bytes(WILL_DELAY_INTERVAL, u32(seconds));
  }

  public static byte[] requestResponseInformation(int value) {
    return bytes(REQUEST_RESPONSE_INFORMATION, value);
  }

  public static byte[] responseInformation(String information) {
    return bytes(RESPONSE_INFORMATION, utf8(information));
  }

  public static byte[] serverReference(String reference) {
    return bytes(SERVER_REFERENCE, utf8(reference));
  }

  public static byte[] reasonString(String reason) {
    return bytes(REASON_STRING, utf8(reason));
  }

  public static byte[] receiveMaximum(int maximum) {
    return bytes(RECEIVE_MAXIMUM, u16(maximum));
  }

  public static byte[] topicAliasMaximum(int maximum) {
    return bytes(TOPIC_ALIAS_MAXIMUM, u16(maximum));
  }

  public static byte[] topicAlias(int alias) {
    return bytes(TOPIC_ALIAS, u16(alias));
  }

  public static byte[] maximumQos(int qos) {
    return bytes(MAXIMUM_QOS, qos);
  }

  public static byte[] retainAvailable(int value) {
    return bytes(RETAIN_AVAILABLE, value);
  }

  public static byte[] userProperty(String name, String value) {
    return bytes(USER_PROPERTY, utf8(name), utf8(value));
  }

  public static byte[] maximumPacketSize(long size) {
    return bytes(MAXIMUM_PACKET_SIZE, u32(size));
  }

  public static byte[] wildcardSubscriptionAvailable(int value) {
    return bytes(WILDCARD_SUBSCRIPTION_AVAILABLE, value);
  }

  public static byte[] subscriptionIdentifierAvailable(int value) {
    return bytes(SUBSCRIPTION_IDENTIFIER_AVAILABLE, value);
  }

  public static byte[] sharedSubscriptionAvailable(int value) {
    return bytes(SHARED_SUBSCRIPTION_AVAILABLE, value);
  }
}
