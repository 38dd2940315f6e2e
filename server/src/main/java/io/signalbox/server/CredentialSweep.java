package io.signalbox.server;

import io.signalbox.server.auth.AuthenticatorChain;
import io.signalbox.server.auth.RegisteredAuthorities;
import io.signalbox.server.eventloop.Clocks;
import io.signalbox.server.principal.CertificateFields;
import io.signalbox.server.principal.Principal;
import io.signalbox.server.protocol.Ending;
import io.signalbox.server.protocol.LiveClient;
import io.signalbox.server.protocol.LiveClients;
import io.signalbox.server.registry.Change;
import io.signalbox.server.registry.Device;
import io.signalbox.server.registry.DeviceCertificate;
import io.signalbox.server.registry.Group;
import io.signalbox.server.registry.IssuingAuthority;
import io.signalbox.server.registry.JwtIssuer;
import io.signalbox.server.registry.Kind;
import io.signalbox.server.registry.ProvisioningTemplate;
import io.signalbox.server.registry.Registry;
import io.signalbox.server.registry.TrustedAuthority;
import io.signalbox.server.registry.User;
import io.signalbox.server.trust.AcceptedChain;
import io.signalbox.server.trust.TrustedAuthorities;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/**
 * Brings what was revoked, disabled, removed or changed to those who are connected: they lose their
 * connection, or have other groups from then on. Changes are noted on any thread and brought on
 * one, several times a second. Another one looks at files and has addresses asked every second.
 */
final class CredentialSweep implements Runnable, Registry.ChangeListener {
  static final int PERIOD_MILLIS = 200;
  static final int LOOK_MILLIS = 1_000;

  private static final Logger LOG = System.getLogger(CredentialSweep.class.getName());
  private static final int PAGE = 1_000;

  private final Registry registry;
  private final InForce authorities;
  private final InForce issuers;
  private final TrustedAuthorities trusted;
  private final AuthenticatorChain authenticators;
  private final LiveClients clients;
  private final Clocks clocks;
  private final ClockWatch clock;
  private final AuthorityEnds ends;

  /** Devices that changed. */
  private final Set<String> touched = ConcurrentHashMap.newKeySet();

  /**
   * Devices that were removed. Where none must be registered they may connect again, but by nothing
   * that hung on the entry.
   */
  private final Set<String> removed = ConcurrentHashMap.newKeySet();

  /**
   * Fingerprints of certificates that changed: who connected before its certificate was registered
   * may be known as another device than the one it is registered for.
   */
  private final Set<String> touchedCertificates = ConcurrentHashMap.newKeySet();

  /** Users with a password that changed. */
  private final Set<String> touchedUsers = ConcurrentHashMap.newKeySet();

  private final AtomicBoolean described = new AtomicBoolean();

  /** Somebody who is connected may have lost the authority or issuer that stands for them. */
  private final AtomicBoolean withdrawn = new AtomicBoolean();

  CredentialSweep(
      Registry registry,
      RegisteredAuthorities authorities,
      TrustedAuthorities trusted,
      AuthenticatorChain authenticators,
      LiveClients clients,
      Clocks clocks) {
    this.clocks = clocks;
    this.clock = new ClockWatch(clocks);
    this.ends = new AuthorityEnds(clocks);
    this.registry = registry;
    // Noted after: a sweep between would look at clients by what counted until then.
    this.authorities =
        new InForce("the authorities", authorities::apply, () -> withdrawn.set(true));
    this.issuers =
        new InForce(
            "the issuers of tokens",
            () -> authenticators.registered(registry.all(Kind.JWT_ISSUER)),
            () -> {
              described.set(true);
              withdrawn.set(true);
            });
    this.trusted = trusted;
    this.authenticators = authenticators;
    this.clients = clients;
  }

  /** Before the first client: what is registered counts. */
  void begin() {
    registry.onChange(this); // first: what changes from here on is looked at again
    authorities.changed();
    issuers.changed();
    bringInForce();
    trusted.refresh(List::of);
  }

  @Override
  public void changed(Change<?> change) {
    switch (change.after() == null ? change.before() : change.after()) {
      case TrustedAuthority _, IssuingAuthority _ -> authorities.changed();
      case JwtIssuer _ -> issuers.changed();
      case Group _ -> described.set(true);
      // New ones too: who was not registered may be connected, as may a user of the users file.
      case Device device -> {
        touched.add(device.name());
        if (change.after() == null) {
          removed.add(device.name());
        }
      }
      case DeviceCertificate certificate -> touchedCertificates.add(certificate.name());
      case User user -> touchedUsers.add(user.name());
      case ProvisioningTemplate _ -> withdrawn.set(true); // it names its authorities' devices
      case null, default -> {}
    }
  }

  @Override
  public void run() {
    authorities.keepBringing();
    issuers.keepBringing();
    try {
      sweep();
    } catch (RuntimeException e) { // else the next looks would not come
      LOG.log(Level.ERROR, "bringing revocations to clients failed", e);
    }
  }

  private void sweep() {
    var some = new Some(take(touched), take(touchedCertificates), take(touchedUsers));
    Set<String> gone = take(removed);
    boolean mayBeWithdrawn = withdrawn.getAndSet(false);
    if (clock.wasSet()) {
      clients.endExpired(clocks.wallMillis()).join();
      mayBeWithdrawn = true;
    }
    boolean everybody = mayBeWithdrawn;
    if (everybody || some.isAnybody()) {
      int ended = clients.recheckCredentials(client -> everybody || some.has(client)).join();
      if (ended > 0) {
        LOG.log(
            Level.INFO,
            "{0} clients lost their connection: what they proved no longer holds",
            ended);
      }
    }
    if (!gone.isEmpty()) { // after: a certificate that was revoked with the device says more
      clients
          .disconnect(
              client -> isOf(client, gone), Ending.credentialWithdrawn("the device was removed"))
          .join();
    }
    boolean all = described.getAndSet(false);
    if (all || some.isAnybody()) {
      clients.renewPrincipals(client -> all || some.has(client)).join();
    }
  }

  /** Looks at files and addresses; waits for nobody's server. One thread. */
  void look() {
    try {
      if (authenticators.refresh()) {
        withdrawn.set(true);
      }
      trusted.look(this::chains, () -> withdrawn.set(true));
      if (ends.due().filter(this::anyIs).isPresent()) {
        withdrawn.set(true);
      }
    } catch (RuntimeException e) { // else the next looks would not come
      LOG.log(Level.ERROR, "looking at files and addresses of revocations failed", e);
    }
  }

  /**
   * When this returns, whoever connects is judged by the authorities and issuers that were
   * registered when it was called. Those who are connected are looked at soon after. Throws when
   * this fails, but not again because of a change before: that one is tried again by itself, and
   * concerns nobody else. Any thread but an I/O thread.
   */
  void bringInForce() {
    try {
      authorities.bring();
    } finally {
      issuers.bring();
    }
  }

  private static boolean isOf(LiveClient client, Set<String> devices) {
    String device = client.principal().deviceId();
    return device != null && devices.contains(device);
  }

  private static Set<String> take(Set<String> touched) {
    Set<String> taken = new HashSet<>();
    for (String name : List.copyOf(touched)) { // what is touched again meanwhile is there again
      touched.remove(name);
      taken.add(name);
    }
    return taken;
  }

  /** Those of whom something changed. */
  private record Some(Set<String> devices, Set<String> certificates, Set<String> users) {
    boolean isAnybody() {
      return !(devices.isEmpty() && certificates.isEmpty() && users.isEmpty());
    }

    boolean has(LiveClient client) {
      Principal principal = client.principal();
      CertificateFields certificate = principal.certificate();
      String user = principal.token() == null ? principal.userName() : null;
      return isOf(client, devices)
          || (certificate != null && certificates.contains(certificate.fingerprint()))
          || (user != null && users.contains(user));
    }
  }

  private boolean anyIs(Predicate<LiveClient> sought) {
    String next = "";
    while (next != null) {
      LiveClients.Page page = clients.list(next, 1, sought);
      if (!page.clients().isEmpty()) {
        return true;
      }
      next = page.next();
    }
    return false;
  }

  /** Of the clients that are connected with a certificate. */
  private List<AcceptedChain> chains() {
    List<AcceptedChain> chains = new ArrayList<>();
    String next = "";
    while (next != null) {
      LiveClients.Page page =
          clients.list(next, PAGE, client -> client.principal().certificate() != null);
      for (LiveClient client : page.clients()) {
        CertificateFields certificate = Objects.requireNonNull(client.principal().certificate());
        chains.add(
            new AcceptedChain(
                client.peer().certificates(), Objects.requireNonNull(certificate.path())));
      }
      next = page.next();
    }
    return chains;
  }
}
