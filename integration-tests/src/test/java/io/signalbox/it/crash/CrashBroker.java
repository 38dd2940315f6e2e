package io.signalbox.it.crash;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.Launch;
import io.signalbox.it.wire.Transport;

/** The broker that the tests of this package kill: one plain listener, and a start that is fast. */
final class CrashBroker {
  private CrashBroker() {}

  static BrokerConfig config() {
    return BrokerConfig.allowingAll()
        .listener(Transport.TCP, true, "none")
        .yaml(
            """
            session:
              will-restart-grace-millis: 100
            """);
  }

  static Launch launch() {
    return Launch.DEFAULT.quick();
  }
}
