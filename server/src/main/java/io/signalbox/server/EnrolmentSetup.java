package io.signalbox.server;

import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.AuthSetupException;
import io.signalbox.server.auth.AuthenticatorChain;
import io.signalbox.server.auth.EnrolmentTokens;
import io.signalbox.server.auth.Provisioning;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.enrolment.Enrolment;
import io.signalbox.server.enrolment.EnrolmentAudit;
import io.signalbox.server.enrolment.EstHandler;
import io.signalbox.server.enrolment.PkiPaths;
import io.signalbox.server.enrolment.StatusHandler;
import io.signalbox.server.enrolment.StatusListener;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.Claims;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.transport.AnswerProgress;
import io.signalbox.server.transport.BodyDeadline;
import io.undertow.server.HttpHandler;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.xnio.XnioWorker;

/** Enrolment and the status of certificates, with what they work on. */
final class EnrolmentSetup implements AutoCloseable {
  private final BrokerConfig config;
  private final Metrics metrics;
  private final EstHandler est;
  private final StatusHandler status;
  private @Nullable StatusListener plain;

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
    this.metrics = metrics;
    Inventory inventory = new Inventory(registry, authorities, clocks, random);
    Enrolment enrolment =
        new Enrolment(
            registry,
            authorities,
            inventory,
            new Claims(registry, clocks),
            new Provisioning(registry, inventory, policies),
            config.admin().roles());
    EnrolmentTokens tokens =
        EnrolmentTokens.of(config.auth(), config.dataDirectory(), clocks, random, metrics);
    est = new EstHandler(enrolment, tokens, authenticators, audit, metrics);
    status = new StatusHandler(registry, authorities, Clock.systemUTC(), random);
  }

  /** The paths of enrolment before those of others. */
  HttpHandler around(HttpHandler others) {
    return new PkiPaths(
        config.enrolment().est() ? Optional.of(est) : Optional.empty(), status, others);
  }

  /** Opens the plain listener, if there is to be one. */
  void start(XnioWorker worker) throws IOException {
    if (config.enrolment().httpPort() != 0) {
      plain =
          StatusListener.start(config.enrolment(), config.limits(), this::bounded, status, worker);
    }
  }

  /** The time limits that requests have at the listeners for MQTT too. */
  private HttpHandler bounded(HttpHandler next) {
    return new AnswerProgress(
        new BodyDeadline(next, config.limits().httpBodyTimeout(), metrics),
        config.limits().slowReaderTimeout(),
        metrics);
  }

  @Override
  public void close() {
    if (plain != null) {
      plain.close();
    }
  }
}
