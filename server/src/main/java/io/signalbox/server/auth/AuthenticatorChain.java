package io.signalbox.server.auth;

import io.signalbox.server.config.AuthConfig;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.eventloop.EventLoop;
import io.signalbox.server.metrics.Metrics;
import io.signalbox.server.packet.Connect;
import io.signalbox.server.packet.ReasonCode;
import io.signalbox.server.principal.AuthMethod;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.LogText;
import io.signalbox.server.principal.Peer;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.registry.JwtIssuer;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.trust.CurrentAuthorities;
import io.signalbox.server.trust.Fetcher;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who a client is from all that it shows: its certificate, its token, or both. Every
 * credential that is shown must be good: a wrong one is refused and never overlooked, not for the
 * other one and not for anonymous access. Any thread.
 */
public final class AuthenticatorChain implements Authenticator, CredentialCheck {
  private static final Logger LOG = System.getLogger(AuthenticatorChain.class.getName());

  private final CurrentAuthorities trusted;
  private final Devices devices;
  private final CertificateAuthenticator certificates;
  private final JwtAuthenticator tokens;
  private final RevokedTokens revoked;
  private final PasswordAuthenticator passwords;
  private final Users users;
  private final AuthWorkers workers;
  private final Metrics metrics;

  private AuthenticatorChain(
      CurrentAuthorities trusted,
      Devices devices,
      CertificateAuthenticator certificates,
      JwtAuthenticator tokens,
      RevokedTokens revoked,
      Users users,
      AuthWorkers workers,
      Metrics metrics) {
    this.trusted = trusted;
    this.devices = devices;
    this.certificates = certificates;
    this.tokens = tokens;
    this.revoked = revoked;
    this.passwords = new PasswordAuthenticator(users);
    this.users = users;
    this.workers = workers;
    this.metrics = metrics;
  }

  /**
   * @param dataDirectory whose token key is used, and made if there is none, when the configuration
   *     has the local issuer; likewise the key for unknown users
   * @param trusted whose clients are accepted
   * @param registry of devices, issuers and users; null: there is none
   * @param provisioning registers devices that connect for the first time; null: nobody does
   * @param workers run signature checks of up to half a millisecond, and checks of passwords
   * @throws AuthSetupException naming every key, user and list of tokens that cannot be used
   */
  public static AuthenticatorChain of(
      AuthConfig config,
      Path dataDirectory,
      CurrentAuthorities trusted,
      Fetcher fetcher,
      @Nullable Registry registry,
      @Nullable Provisioning provisioning,
      Executor workers,
      Clocks clocks,
      SecureRandom random,
      Metrics metrics)
      throws AuthSetupException {
    LocalTokenKey local =
        config.jwt().localIssuer() ? LocalTokenKey.openOrCreate(dataDirectory, random) : null;
    SetupProblems problems = new SetupProblems();
    Optional<TokenTrust> trust =
        problems.read(() -> TokenTrust.of(config.jwt(), local, fetcher, clocks));
    Optional<RevokedTokens> revoked =
        problems.read(() -> RevokedTokens.open(config.jwt().revokedFile(), metrics));
    Optional<Users> users =
        problems.read(
            () -> Users.open(registry, config.usersFile(), dataDirectory, random, metrics));
    problems.end();
    Devices devices = new Devices(registry, provisioning);
    var tokens =
        new JwtAuthenticator(config.jwt(), trust.orElseThrow(), revoked.orElseThrow(), clocks);
    metrics.credentialFilesStale.from(tokens::staleFiles);
    return new AuthenticatorChain(
        trusted,
        devices,
        new CertificateAuthenticator(trusted::verifier, devices, clocks),
        tokens,
        revoked.orElseThrow(),
        users.orElseThrow(),
        new AuthWorkers(workers, config.pendingMax(), metrics.authenticationsPending),
        metrics);
  }

  /**
   * Reads every key and user that the configuration names, without touching the data directory.
   *
   * @throws AuthSetupException naming all that cannot be used
   */
  public static void check(AuthConfig config, Fetcher fetcher) throws AuthSetupException {
    SetupProblems problems = new SetupProblems();
    problems.read(() -> TokenTrust.of(config.jwt(), null, fetcher, Clocks.system()));
    Path revoked = config.jwt().revokedFile();
    if (revoked != null) {
      problems.read(() -> RevokedTokens.load(revoked));
    }
    Path file = config.usersFile();
    if (file != null) {
      problems.read(() -> WatchedUsersFile.load(file));
    }
    problems.end();
  }

  Users users() {
    return users;
  }

  /** Looked at again by {@link #refresh}. */
  RevokedTokens revokedTokens() {
    return revoked;
  }

  @Override
  public void authenticate(
      Connect connect, Peer peer, EventLoop loop, Consumer<Authentication> answer) {
    Credentials credentials;
    try {
      credentials = Credentials.of(connect, peer, passwords);
    } catch (CredentialException e) {
      answer.accept(refused(e));
      return;
    }
    authenticate(
        credentials, loop, outcome -> answer.accept(admitted(outcome, connect.clientId())));
  }

  /**
   * What the registry says of somebody who has proved who it is.
   *
   * @param clientId under which it connects; null: not by MQTT
   */
  Authentication admitted(Authentication outcome, @Nullable String clientId) {
    if (!(outcome instanceof Authentication.Accepted accepted)) {
      return outcome;
    }
    try {
      return new Authentication.Accepted(
          devices.admit(accepted.principal(), clientId), accepted.data());
    } catch (CredentialException e) {
      return refused(e);
    }
  }

  void authenticate(Credentials credentials, EventLoop loop, Consumer<Authentication> answer) {
    new Check(credentials, loop, answer).begin();
  }

  /** Of one client, with one place among those that wait from its first wait to its answer. */
  @ConfinedTo("the client's I/O thread")
  private final class Check {
    private final Credentials credentials;
    private final EventLoop loop;
    private final Consumer<Authentication> answer;
    private boolean hasPlace;

    Check(Credentials credentials, EventLoop loop, Consumer<Authentication> answer) {
      this.credentials = credentials;
      this.loop = loop;
      this.answer = answer;
    }

    void begin() {
      Optional<CompletableFuture<Void>> fetched = prepareKnown(credentials);
      if (fetched.isPresent()) {
        checkAfter(fetched.get());
        return;
      }
      onWorker(
          () -> {
            CompletableFuture<Void> found = // a throw fails it, and the check that follows
                CompletableFuture.completedFuture(credentials)
                    .thenCompose(AuthenticatorChain.this::prepare);
            onLoop(() -> checkAfter(found));
          });
    }

    private void checkAfter(CompletableFuture<Void> fetched) {
      if (fetched.isDone()) {
        check();
      } else if (mayWait()) {
        CompletableFuture<?> _ = fetched.whenComplete((_, _) -> onLoop(this::check));
      } else {
        tell(busy());
      }
    }

    private void check() {
      Authentication quick = withoutSignatureChecks(credentials);
      if (quick != null) {
        tell(quick);
        return;
      }
      onWorker(
          () -> {
            Authentication outcome = withSignatureChecks(credentials, true);
            loop.execute(() -> tell(outcome));
          });
    }

    private void onWorker(Runnable work) {
      if (!mayWait() || !workers.execute(work)) {
        tell(busy());
      }
    }

    private boolean mayWait() {
      hasPlace = hasPlace || workers.enter();
      return hasPlace;
    }

    private void onLoop(Runnable step) {
      loop.execute(
          () -> {
            try {
              step.run();
            } catch (RuntimeException e) {
              leave(); // nobody answers it any more
              throw e;
            }
          });
    }

    private void leave() {
      if (hasPlace) {
        hasPlace = false;
        workers.leave();
      }
    }

    private void tell(Authentication outcome) {
      leave();
      answer.accept(outcome);
    }
  }

  /**
   * What must be fetched before the credentials can be judged; completed if nothing must. May check
   * signatures.
   */
  private CompletableFuture<Void> prepare(Credentials credentials) {
    List<X509Certificate> chain = credentials.certificates();
    return chain.isEmpty()
        ? prepareToken(credentials)
        : CompletableFuture.allOf(prepareToken(credentials), trusted.prepare(chain));
  }

  /** The same where it takes no signature check, else empty. */
  private Optional<CompletableFuture<Void>> prepareKnown(Credentials credentials) {
    List<X509Certificate> chain = credentials.certificates();
    return chain.isEmpty()
        ? Optional.of(prepareToken(credentials))
        : trusted
            .prepareKnown(chain)
            .map(known -> CompletableFuture.allOf(prepareToken(credentials), known));
  }

  private CompletableFuture<Void> prepareToken(Credentials credentials) {
    byte[] token = credentials.token();
    return token == null ? CompletableFuture.completedFuture(null) : tokens.prepare(token);
  }

  private Authentication busy() {
    countOverload();
    return new Authentication.Rejected(
        ReasonCode.SERVER_BUSY, "too many credentials wait to be checked, see auth.pending-max");
  }

  private void countOverload() {
    metrics.authenticationFailures.inc(Metrics.AuthFailure.OVERLOADED);
    metrics.limitsReached.inc(Metrics.Limit.PENDING_AUTHENTICATIONS);
  }

  /**
   * Who makes an HTTP request. Checks signatures, so not to be called on an I/O thread; but waits
   * for nobody's server.
   *
   * @param certificates the chain of the TLS connection, the peer's own first; empty if it showed
   *     none
   * @param bearerToken of the header Authorization; null: none
   * @param from whence it came, for the audit log
   * @param request its method and path, for the log
   * @param threads where it goes on after a fetch
   * @param answer called on this thread or one of those; empty if nothing proves an identity, and
   *     why was counted and logged
   * @return false: not taken, too many wait for a fetch; there is no answer
   */
  public boolean identify(
      List<X509Certificate> certificates,
      @Nullable String bearerToken,
      InetAddress from,
      String request,
      Executor threads,
      Consumer<Optional<Principal>> answer) {
    var credentials = Credentials.ofRequest(from, certificates, bytes(bearerToken));
    CompletableFuture<Void> fetched = prepare(credentials);
    if (fetched.isDone()) {
      answer.accept(identified(credentials, request));
      return true;
    }
    boolean taken =
        workers.afterForRequest(
            fetched, () -> threads.execute(() -> answer.accept(identified(credentials, request))));
    if (!taken) {
      countOverload();
    }
    return taken;
  }

  /** Always comes back, or the request would never be answered. */
  private Optional<Principal> identified(Credentials credentials, String request) {
    try {
      return switch (requested(credentials, true)) {
        case Authentication.Accepted accepted -> Optional.of(accepted.principal());
        case Authentication.Continue _ -> Optional.empty();
        case Authentication.Rejected rejected -> {
          logRefusal(credentials, request, rejected);
          yield Optional.empty();
        }
      };
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "an HTTP request could not be authenticated: the server failed", e);
      return Optional.empty();
    }
  }

  private static void logRefusal(
      Credentials credentials, String request, Authentication.Rejected rejected) {
    boolean isBare = credentials.certificates().isEmpty() && credentials.token() == null;
    Level level = isBare ? Level.DEBUG : Level.WARNING; // anybody sends bare ones, at no cost
    InetAddress from = credentials.from();
    if (LOG.isLoggable(level)) {
      LOG.log(
          level,
          "an HTTP request from {0}, {1}, is not authenticated: {2}",
          from == null ? "?" : from.getHostAddress(),
          LogText.quote(request),
          rejected.cause());
    }
  }

  /**
   * Who would be known by these credentials, which whoever asks only has a copy of: nobody is
   * registered by it. Checks signatures and waits for fetches.
   */
  public Optional<Principal> wouldBe(
      List<X509Certificate> certificates, @Nullable String bearerToken) {
    var credentials = Credentials.ofRequest(null, certificates, bytes(bearerToken));
    prepare(credentials).join();
    return requested(credentials, false) instanceof Authentication.Accepted accepted
        ? Optional.of(accepted.principal())
        : Optional.empty();
  }

  private static byte @Nullable [] bytes(@Nullable String token) {
    return token == null ? null : token.getBytes(StandardCharsets.UTF_8);
  }

  private Authentication requested(Credentials credentials, boolean registers) {
    return admitted(withSignatureChecks(credentials, registers), null);
  }

  @Override
  public Optional<String> problem(Principal principal, Peer peer, String clientId) {
    if (users.isGone(principal)) {
      return Optional.of("the user was removed or disabled, or another one has the name now");
    }
    Optional<String> problem =
        tokens.problem(principal).or(() -> devices.problem(principal, clientId));
    CertificateFields certificate = principal.certificate();
    return problem.isPresent() || certificate == null
        ? problem
        : certificates.problem(
            certificate, Objects.requireNonNull(principal.deviceId()), peer.certificates());
  }

  /**
   * Looks whether tokens were revoked, issuers have other keys, or the users file has changed. One
   * thread at a time.
   *
   * @return whether a connected client may have lost the right to be
   */
  public boolean refresh() {
    boolean changed = users.refresh();
    return tokens.refresh() || changed;
  }

  @Override
  public Principal refreshed(Principal principal) {
    try {
      Principal proved = tokens.asProved(principal);
      return devices.described(
          Users.isOne(proved) ? proved.withGroups(users.groupsOf(proved)) : proved);
    } catch (CredentialException _) {
      return principal; // it is about to lose its connection
    }
  }

  /** Believes these issuers beside those of the configuration. One thread at a time. */
  public void registered(Collection<JwtIssuer> issuers) {
    tokens.registered(issuers);
  }

  /**
   * How the last fetch of the key set of a registered issuer ended; pending for one of another
   * revision than that which counts, or with keys that are not fetched. Any thread.
   */
  public KeyRefresh lastRefresh(JwtIssuer issuer) {
    return tokens.lastRefresh(issuer);
  }

  /** The outcome if it is known without a signature check, else null. */
  private @Nullable Authentication withoutSignatureChecks(Credentials credentials) {
    if (credentials.password() != null) {
      return null;
    }
    try {
      Principal device = null;
      if (!credentials.certificates().isEmpty()) {
        device = certificates.known(credentials.certificates());
        if (device == null) {
          return null;
        }
      }
      byte[] token = credentials.token();
      Principal user = token == null ? credentials.user() : tokens.known(token);
      if (user != null) {
        return accepted(device, user, credentials);
      }
      return token != null
          ? null
          : new Authentication.Accepted(device == null ? nobody(credentials) : device);
    } catch (CredentialException e) {
      return refused(e);
    }
  }

  private Authentication withSignatureChecks(Credentials credentials, boolean registers) {
    try {
      List<X509Certificate> chain = credentials.certificates();
      Principal device =
          chain.isEmpty()
              ? null
              : registers
                  ? certificates.verify(chain, credentials.from())
                  : certificates.look(chain);
      Principal user = verifiedUser(credentials);
      return user == null
          ? new Authentication.Accepted(device == null ? nobody(credentials) : device)
          : accepted(device, user, credentials);
    } catch (CredentialException e) {
      return refused(e);
    } catch (RuntimeException e) {
      // Our own fault or a provider's; whoever it is, is not let in.
      LOG.log(Level.ERROR, "checking a credential failed", e);
      return new Authentication.Rejected(
          ReasonCode.SERVER_UNAVAILABLE,
          "the credential could not be checked, see the error above");
    }
  }

  private @Nullable Principal verifiedUser(Credentials credentials) throws CredentialException {
    byte[] token = credentials.token();
    if (token != null) {
      return tokens.verify(token);
    }
    byte[] password = credentials.password();
    String userName = credentials.userName();
    return password != null && userName != null
        ? passwords.verify(userName, password)
        : credentials.user();
  }

  private static Principal nobody(Credentials credentials) throws CredentialException {
    if (!credentials.mayBeNobody()) {
      throw CredentialException.missing(
          "no client certificate, token or password, and the listener allows no anonymous access");
    }
    return Principal.anonymous();
  }

  private Authentication accepted(
      @Nullable Principal device, Principal user, Credentials credentials)
      throws CredentialException {
    tokens.checkUserName(user, credentials.userName());
    JwtAuthenticator.checkBinding(user, credentials.certificates());
    if (device != null && user.deviceId() != null && !user.deviceId().equals(device.deviceId())) {
      throw CredentialException.ofToken(
          Metrics.AuthFailure.TOKEN_BINDING,
          "the certificate is of " + device.id() + ", the token of " + user.id());
    }
    return new Authentication.Accepted(device == null ? user : both(device, user));
  }

  /**
   * A device that shows a token or password as well: the certificate names it, the other adds its
   * groups.
   */
  private static Principal both(Principal device, Principal user) {
    return new Principal(
        device.id(),
        AuthMethod.CERTIFICATE,
        device.deviceId(),
        user.userName(),
        user.groups(),
        user.attributes(),
        device.certificate(),
        user.token(),
        user.account());
  }

  Authentication refused(CredentialException e) {
    metrics.authenticationFailures.inc(e.failure());
    return e.toRejected();
  }
}
