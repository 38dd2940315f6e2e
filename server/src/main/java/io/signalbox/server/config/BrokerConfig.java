package io.signalbox.server.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The whole configuration of one broker. Immutable, checked.
 *
 * @param dataDirectory where the store, the development PKI and the local token key live; made at
 *     first start
 * @param listeners at least one, with unique names; no two of them, nor {@code enrolment}, on one
 *     address and port
 */
public record BrokerConfig(
    Path dataDirectory,
    List<ListenerConfig> listeners,
    TlsConfig tls,
    LimitsConfig limits,
    SessionConfig session,
    StoreConfig store,
    IoConfig io,
    AuthConfig auth,
    PolicyConfig policies,
    RegistryConfig registry,
    EnrolmentConfig enrolment,
    AdminConfig admin,
    LogConfig log) {

  /**
   * A broker for this machine alone: devices over TLS on 8883, browsers over WebSocket and TLS on
   * 8443, both on loopback.
   */
  public static final BrokerConfig DEFAULTS =
      new BrokerConfig(
          Path.of("data"),
          ListenerConfig.DEFAULTS,
          TlsConfig.DEFAULTS,
          LimitsConfig.DEFAULTS,
          SessionConfig.DEFAULTS,
          StoreConfig.DEFAULTS,
          IoConfig.DEFAULTS,
          AuthConfig.DEFAULTS,
          PolicyConfig.DEFAULTS,
          RegistryConfig.DEFAULTS,
          EnrolmentConfig.DEFAULTS,
          AdminConfig.DEFAULTS,
          LogConfig.DEFAULTS);

  public BrokerConfig {
    listeners = List.copyOf(listeners);
    if (listeners.isEmpty()) {
      throw new IllegalArgumentException(
          "listeners: empty; name at least one, or leave the key out for the default ones");
    }
    Set<String> names = new HashSet<>();
    for (ListenerConfig listener : listeners) {
      if (!names.add(listener.name())) {
        throw new IllegalArgumentException(
            "listeners: the name \"" + listener.name() + "\" is used twice");
      }
    }
    requirePlacesOfTheirOwn(listeners, enrolment);
  }

  private static void requirePlacesOfTheirOwn(
      List<ListenerConfig> listeners, EnrolmentConfig enrolment) {
    List<Place> places = new ArrayList<>();
    places.add(new Place("enrolment.http-port", enrolment.httpBind(), enrolment.httpPort()));
    for (ListenerConfig listener : listeners) {
      var place = new Place("\"" + listener.name() + "\"", listener.bind(), listener.port());
      for (Place other : places) {
        place.sharedWith(other).ifPresent(address -> refuse(other, place, address));
      }
      places.add(place);
    }
  }

  private static void refuse(Place one, Place other, String address) {
    throw new IllegalArgumentException(
        "listeners: "
            + one.owner()
            + " and "
            + other.owner()
            + " both listen on port "
            + one.port()
            + " of \""
            + address
            + "\"; give one of them another port");
  }

  /** The same with another data directory: the command line's {@code --data} wins over the file. */
  public BrokerConfig withDataDirectory(Path directory) {
    return new BrokerConfig(
        directory, listeners, tls, limits, session, store, io, auth, policies, registry, enrolment,
        admin, log);
  }

  /**
   * The same on ports that the system chooses, so that it can run beside another broker; revocation
   * lists and OCSP are not served over plain HTTP.
   */
  public BrokerConfig withFreePorts() {
    List<ListenerConfig> free = listeners.stream().map(listener -> listener.withPort(0)).toList();
    return new BrokerConfig(
        dataDirectory,
        free,
        tls,
        limits,
        session,
        store,
        io,
        auth,
        policies,
        registry,
        enrolment.withHttpPort(0),
        admin,
        log);
  }

  static BrokerConfig read(Section root) {
    BrokerConfig d = DEFAULTS;
    return root.make(
        d,
        () ->
            new BrokerConfig(
                Path.of(root.string("data-directory", d.dataDirectory.toString())),
                root.list("listeners", ListenerConfig::read, d.listeners),
                TlsConfig.read(root.section("tls")),
                LimitsConfig.read(root.section("limits")),
                SessionConfig.read(root.section("session")),
                StoreConfig.read(root.section("store")),
                IoConfig.read(root.section("io")),
                AuthConfig.read(root.section("auth")),
                PolicyConfig.read(root.section("policies")),
                RegistryConfig.read(root.section("registry")),
                EnrolmentConfig.read(root.section("enrolment")),
                AdminConfig.read(root.section("admin")),
                LogConfig.read(root.section("log"))));
  }
}
