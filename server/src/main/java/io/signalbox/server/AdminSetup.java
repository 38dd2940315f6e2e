package io.signalbox.server;

import io.signalbox.pki.Pem;
import io.signalbox.server.admin.AdminApi;
import io.signalbox.server.admin.AskedFor;
import io.signalbox.server.admin.AuditLog;
import io.signalbox.server.admin.LocalToken;
import io.signalbox.server.admin.RefusalLog;
import io.signalbox.server.admin.RequestAuthenticator;
import io.signalbox.server.admin.ServerFacts;
import io.signalbox.server.admin.TokenSigner;
import io.signalbox.server.auth.ApiPolicies;
import io.signalbox.server.auth.AuthSetupException;
import io.signalbox.server.auth.KeyRefresh;
import io.signalbox.server.auth.PolicyAuthorizers;
import io.signalbox.server.auth.PolicyStore;
import io.signalbox.server.auth.ProvisioningAudit;
import io.signalbox.server.auth.RegisteredIssuers;
import io.signalbox.server.auth.TokenIssuer;
import io.signalbox.server.cli.RunningBroker.Listening;
import io.signalbox.server.cli.VersionCommand;
import io.signalbox.server.config.AdminConfig;
import io.signalbox.server.config.BrokerConfig;
import io.signalbox.server.config.ListenerConfig;
import io.signalbox.server.enrolment.EnrolmentAudit;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.protocol.LiveClients;
import io.signalbox.server.protocol.Refusals;
import io.signalbox.server.registry.Authorities;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Inventory;
import io.signalbox.server.registry.JwtIssuer;
import io.signalbox.server.registry.Registry;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The admin API with what it works on. */
final class AdminSetup implements AutoCloseable {
  private final Clocks clocks;
  private final AuditLog audit;
  private final RefusalLog refusalLog;
  private final AdminApi api;

  /**
   * @param askedFor says who a client would be that questions about policies name; registers nobody
   * @param inForce see {@link AdminApi.Parts}
   * @param listening asked when somebody wants to know, because listeners are opened last
   */
  AdminSetup(
      BrokerConfig config,
      TlsSetup tls,
      Registry registry,
      Authorities authorities,
      PolicyStore policies,
      PolicyAuthorizers authorizers,
      LiveClients clients,
      Refusals refusals,
      RequestAuthenticator authenticator,
      AskedFor askedFor,
      Function<JwtIssuer, KeyRefresh> keyRefresh,
      Runnable inForce,
      Supplier<List<Listening>> listening,
      Clocks clocks,
      SecureRandom random,
      Metrics metrics)
      throws IOException, AuthSetupException {
    AdminConfig admin = config.admin();
    this.clocks = clocks;
    audit =
        AuditLog.open(
            config.dataDirectory().resolve("audit"),
            admin.auditFileBytesMax(),
            admin.auditFilesMax(),
            metrics);
    AuditLog refused =
        AuditLog.open(
            config.dataDirectory().resolve("audit").resolve("refusals"),
            admin.auditFileBytesMax(),
            admin.auditFilesMax(),
            metrics);
    refusalLog = new RefusalLog(refused, clocks);
    refusalLog.start();
    refusals.onRefused(refusalLog::refused);
    clients.onEnded(
        all -> { // not on the I/O thread that ended the last one
          CompletableFuture<Void> written =
              CompletableFuture.runAsync(() -> audit.ended(all, clocks.wallMillis()));
          assert written != null : "always made";
        });
    // with the two that are proved, at most about half of the threads
    policies.longWaits(Math.max(0, admin.threads() / 2 - 2));
    api =
        new AdminApi(
            new AdminApi.Parts(
                admin,
                registry,
                authorities,
                new Inventory(registry, authorities, clocks, random),
                new ApiPolicies(policies, registry),
                authorizers,
                clients,
                authenticator,
                askedFor,
                RegisteredIssuers.configured(config.auth().jwt()),
                keyRefresh,
                inForce,
                admin.localToken() ? LocalToken.openOrCreate(config.dataDirectory(), random) : null,
                signer(config, clocks, random),
                config.auth().jwt().lifetimeMax(),
                audit,
                refused,
                refusalLog::denied,
                new ServerFacts(
                    VersionCommand.version(),
                    () -> listening.get().stream().map(AdminSetup::endpoint).toList(),
                    () -> Pem.encode(tls.trustedByClients())),
                config.limits().httpBodyBytesMax(),
                clocks,
                metrics));
  }

  private static @Nullable TokenSigner signer(
      BrokerConfig config, Clocks clocks, SecureRandom random) throws AuthSetupException {
    if (!config.auth().jwt().localIssuer()) {
      return null;
    }
    TokenIssuer issuer = TokenIssuer.openOrCreate(config.dataDirectory(), clocks, random);
    return new TokenSigner() {
      @Override
      public Signed access(String subject, List<String> groups, Duration lifetime) {
        return signed(issuer.issue(subject, groups, lifetime));
      }

      @Override
      public Signed enrolment(
          @Nullable String device,
          @Nullable String template,
          long createdAtMillis,
          Duration lifetime) {
        return signed(
            device != null
                ? issuer.issueEnrolment(device, createdAtMillis, lifetime)
                : issuer.issueTemplateEnrolment(
                    template == null ? "" : template, createdAtMillis, lifetime));
      }

      private Signed signed(String token) {
        return new Signed(token, TokenId.of(token));
      }
    };
  }

  private static ServerFacts.Endpoint endpoint(Listening socket) {
    ListenerConfig listener = socket.listener();
    InetSocketAddress address = socket.address();
    String host = host(address.getAddress());
    String scheme =
        switch (listener.type()) {
          case TCP -> "mqtt";
          case TLS -> "mqtts";
          case WS -> "ws";
          case WSS -> "wss";
        };
    String path = listener.type().isWebSocket() ? listener.path() : "";
    return new ServerFacts.Endpoint(
        listener.name(),
        listener.type().name().toLowerCase(Locale.ROOT),
        address.getAddress().getHostAddress(),
        address.getPort(),
        scheme + "://" + host + ":" + address.getPort() + path);
  }

  private static String host(InetAddress address) {
    String text = address.getHostAddress();
    return address instanceof Inet6Address ? "[" + text + "]" : text;
  }

  AdminApi api() {
    return api;
  }

  /** Where it is written down what devices obtain by enrolment. */
  EnrolmentAudit enrolments() {
    return new EnrolmentAudit() {
      @Override
      public @Nullable String obstacle() {
        return audit.obstacle();
      }

      @Override
      public void issued(
          String actor, InetAddress from, DeviceCertificate certificate, boolean isNewDevice) {
        audit.obtained(
            clocks.wallMillis(),
            "ENROL",
            actor,
            from.getHostAddress(),
            certificate,
            isNewDevice ? "by enrolment, the device with it" : "by enrolment");
      }

      @Override
      public void registeredAlone(String actor, InetAddress from, String device, String why) {
        audit.registeredAlone(
            clocks.wallMillis(), "ENROL", actor, from.getHostAddress(), device, why);
      }
    };
  }

  /** Where devices are written down that came for the first time. */
  ProvisioningAudit firstConnections() {
    return new ProvisioningAudit() {
      @Override
      public @Nullable String obstacle() {
        return audit.obstacle();
      }

      @Override
      public void registered(
          DeviceCertificate certificate, @Nullable InetAddress from, boolean isNewDevice) {
        audit.obtained(
            clocks.wallMillis(),
            "PROVISION",
            "device:" + certificate.device(),
            from == null ? "" : from.getHostAddress(),
            certificate,
            isNewDevice
                ? "at its first connection, the device with it"
                : "at the first connection with it");
      }

      @Override
      public void registeredAlone(String device, @Nullable InetAddress from, String why) {
        audit.registeredAlone(
            clocks.wallMillis(),
            "PROVISION",
            "device:" + device,
            from == null ? "" : from.getHostAddress(),
            device,
            why);
      }
    };
  }

  @Override
  public void close() throws IOException {
    api.close();
    refusalLog.close();
    audit.close();
  }
}
