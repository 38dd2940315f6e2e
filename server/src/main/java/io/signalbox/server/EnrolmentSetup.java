package io.signalbox.server;

import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.AuthSetupException;
import io.signalbox.server.auth.AuthenticatorChain;
import io.signalbox.server.auth.EnrolmentTokens;
import io.signalbox.server.auth.Provisioning;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.EnrolmentConfig;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.enrolment.Enrolment;
import io.signalbox.server.enrolment.EnrolmentAudit;
import io.signalbox.server.enrolment.EstHandler;
import io.signalbox.server.enrolment.PkiPaths;
import io.signalbox.server.enrolment.StatusHandler;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.Claims;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.transport.HttpPort;
import io.undertow.server.HttpHandler;
import io.undertow.util.StatusCodes;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;

/** Enrolment and the status of certificates, with what they work on. */
final class EnrolmentSetup {
  private final BrokerConfig config;
  private final EstHandler est;
  private final StatusHandler status;

  EnrolmentSetup(
      BrokerConfig config,
      Registry registry,
      Authorities authorities,
      AuthenticatorChain authenticators,
      ApiPolicies policies,
      EnrolmentAudit audit,
      Clocks clocks,
      SecureRandom random,
      Metrics metrics)
      throws AuthSetupException {
    this.config = config;
    Inventory inventory = new Inventory(registry, authorities, clocks, random);
    Enrolment enrolment =
        new Enrolment(
            registry,
            authorities,
            inventory,
            new Claims(registry, clocks),
            new Provisioning(registry, inventory, policies),
            config.admin().roles(),
            config.enrolment().certificatesPerDevicePerDayMax(),
            clocks,
            metrics);
    EnrolmentTokens tokens =
        EnrolmentTokens.of(config.auth(), config.dataDirectory(), authenticators, clocks, random);
    est = new EstHandler(enrolment, tokens, authenticators, audit, metrics);
    status = new StatusHandler(registry, authorities, Clock.systemUTC(), random);
  }

  /** The paths of enrolment before those of others. */
  HttpHandler around(HttpHandler others) {
    return new PkiPaths(
        config.enrolment().est() ? Optional.of(est) : Optional.empty(), status, others);
  }

  /**
   * The port for the status of certificates alone, if there is to be one: whoever checks a
   * certificate cannot begin with a TLS connection that rests on one.
   */
  Optional<HttpPort> httpPort() {
    EnrolmentConfig plain = config.enrolment();
    if (plain.httpPort() == 0) {
      return Optional.empty();
    }
    HttpHandler nothing = exchange -> exchange.setStatusCode(StatusCodes.NOT_FOUND).endExchange();
    return Optional.of(
        new HttpPort(
            ListenerConfig.of("enrolment-http", ListenerConfig.Type.WS, plain.httpPort())
                .at(plain.httpBind(), plain.httpPort())
                .withConnectionsMax(plain.httpConnectionsMax()),
            new PkiPaths(Optional.empty(), status, nothing)));
  }
}
