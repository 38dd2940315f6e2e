package io.signalbox.server.session;

/** What went over one connection. Bytes are those of MQTT packets, without TLS and WebSocket. */
public record Traffic(long packetsReceived, long packetsSent, long bytesReceived, long bytesSent) {}
