package io.signalbox.server.bench;

import io.signalbox.server.bench.client.Endpoint;
import io.signalbox.server.bench.client.TlsSettings;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.Properties;
import io.signalbox.server.packet.Property;
import io.signalbox.server.packet.ProtocolVersion;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The broker to be measured and how clients come to it.
 *
 * @param tls null for URLs without TLS
 * @param idPrefix of client ids; a number follows
 * @param password shared by all clients; null for none
 * @param topicPrefix of all topics, without a slash at its end
 * @param connectingMax connections in progress at once, 1 or more
 * @param sourceAddresses loopback addresses to come from in turns, 1..250: each has its own 28,000
 *     ports
 * @param pids the broker's processes; their processor time is what is reported
 * @param stall without any progress for so long a wait is given up
 * @param limit for a measurement, beside the time that it is meant to last; what is still missing
 *     then counts as lost
 * @param stopped asked all the time: true ends a measurement early, with what there is; leftovers
 *     are taken away then too
 */
public record Target(
    Endpoint endpoint,
    @Nullable TlsSettings tls,
    ProtocolVersion version,
    int keepAliveSeconds,
    String idPrefix,
    @Nullable String userName,
    byte @Nullable [] password,
    String topicPrefix,
    int connectingMax,
    int sourceAddresses,
    List<Long> pids,
    Duration stall,
    Duration limit,
    BooleanSupplier stopped) {

  public Target {
    pids = List.copyOf(pids);
    if (!stall.isPositive() || !limit.isPositive()) {
      throw new IllegalArgumentException(
          "stall, limit: " + stall + ", " + limit + "; both must be longer than 0");
    }
    if (connectingMax < 1) {
      throw new IllegalArgumentException(
          "connections in progress: " + connectingMax + " is below 1");
    }
    if (sourceAddresses < 1 || sourceAddresses > 250) {
      throw new IllegalArgumentException(
          "source addresses: " + sourceAddresses + " is outside 1..250");
    }
  }

  /** A client whose session ends with its connection. */
  Connect clean(String role, int number) {
    return connect(role, number, true, 0);
  }

  /** A client whose session stays for an hour, or in 3.1.1 as long as the broker likes. */
  Connect persistent(String role, int number) {
    return connect(role, number, false, 3_600);
  }

  private Connect connect(String role, int number, boolean cleanStart, long expirySeconds) {
    Properties properties =
        version == ProtocolVersion.V5 && expirySeconds > 0
            ? Properties.NONE.with(Property.SESSION_EXPIRY_INTERVAL, expirySeconds)
            : Properties.NONE;
    return new Connect(
        version,
        idPrefix + "-" + role + "-" + number,
        cleanStart,
        keepAliveSeconds,
        null,
        userName,
        password,
        properties);
  }

  @Override
  public String toString() {
    return "Target[" + endpoint + ", " + version + "]";
  }
}
