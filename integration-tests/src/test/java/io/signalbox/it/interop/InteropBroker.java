package io.signalbox.it.interop;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.PemFiles;
import io.signalbox.it.wire.Transport;

/**
 * A broker as {@code serve} without a configuration starts it, but for the ports: TLS and WSS, no
 * anonymous clients, the shipped policies. Devices keep to {@code devices/ID/}, browsers read all
 * devices and write commands.
 */
final class InteropBroker {
  static final BrokerUnderTest BROKER =
      BrokerUnderTest.start(
          "interop",
          BrokerConfig.empty()
              .listener(Transport.TLS, false, "optional")
              .listener(Transport.WSS, false, "optional"));

  private static final class Devices {
    static final PemFiles.Device PUMP = BROKER.issueDevice("pump-7");
    static final String BROWSER_TOKEN = BROKER.issueToken("alice", "browsers", "1h");
  }

  private InteropBroker() {}

  static PemFiles.Device pump() {
    return Devices.PUMP;
  }

  /** Of subject {@code alice} in group {@code browsers}. */
  static String browserToken() {
    return Devices.BROWSER_TOKEN;
  }

  static int port(Transport transport) {
    return BROKER.endpoint(transport).address().getPort();
  }
}
