package io.signalbox.server.principal;

/** How a client proved who it is. */
public enum AuthMethod {
  CERTIFICATE,
  JWT,
  PASSWORD,
  SCRAM,
  ANONYMOUS
}
