package io.signalbox.it.broker;

import io.signalbox.it.wire.Endpoint;
import io.signalbox.it.wire.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * The one broker that most classes use at the same time, so every test keeps to topics and Client
 * Identifiers of its own ({@link Clients}).
 *
 * <p>With {@code -Dexternal.tcp=HOST:PORT} (and {@code .tls}, {@code .ws}, {@code .wss}, {@code
 * .ca}) the tests run against any other broker, which is how the tests themselves are tested.
 */
public final class SharedBroker {
  private SharedBroker() {}

  private static final class Holder {
    static final Broker BROKER =
        isExternal()
            ? SharedBroker::external
            : BrokerUnderTest.start(
                "shared",
                BrokerConfig.open().yaml("limits: { " + BrokerConfig.PATIENT + " }"),
                Launch.DEFAULT);
  }

  public static Broker get() {
    return Holder.BROKER;
  }

  public static boolean isExternal() {
    return System.getProperty("external.tcp") != null;
  }

  private static Endpoint external(Transport transport) {
    String key = "external." + transport.name().toLowerCase(Locale.ROOT);
    @Nullable String port = System.getProperty(key);
    if (port == null) {
      throw new TestAbortedException("-D" + key + " is not set");
    }
    return new Endpoint(
        transport,
        new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(port)),
        transport.isTls() ? PemFiles.trusting(Path.of(System.getProperty("external.ca"))) : null);
  }
}
