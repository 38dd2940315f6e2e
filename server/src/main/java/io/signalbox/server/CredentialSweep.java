package io.signalbox.server;

import io.signalbox.server.auth.AuthenticatorChain;
import io.signalbox.server.protocol.LiveClient;
import io.signalbox.server.protocol.LiveClients;
import io.signalbox.server.trust.TrustedAuthorities;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks every second whether somebody was revoked, and ends the connections of those who were. One
 * thread.
 */
final class CredentialSweep implements Runnable {
  private static final Logger LOG = System.getLogger(CredentialSweep.class.getName());
  private static final int PAGE = 1_000;

  private final TrustedAuthorities trusted;
  private final AuthenticatorChain tokens;
  private final LiveClients clients;

  CredentialSweep(TrustedAuthorities trusted, AuthenticatorChain tokens, LiveClients clients) {
    this.trusted = trusted;
    this.tokens = tokens;
    this.clients = clients;
  }

  @Override
  public void run() {
    try {
      boolean revoked = tokens.refresh();
      if (trusted.refresh(this::chains) || revoked) {
        int ended = clients.recheckCredentials().join();
        if (ended > 0) {
          LOG.log(Level.INFO, "{0} clients lost their connection by revocation", ended);
        }
      }
    } catch (RuntimeException e) { // else the next looks would not come
      LOG.log(Level.ERROR, "looking for revocations failed", e);
    }
  }

  /** Of the clients that are connected with a certificate. */
  private List<List<X509Certificate>> chains() {
    List<List<X509Certificate>> chains = new ArrayList<>();
    String next = "";
    while (next != null) {
      LiveClients.Page page =
          clients.list(next, PAGE, client -> client.principal().certificate() != null);
      for (LiveClient client : page.clients()) {
        chains.add(client.peer().certificates());
      }
      next = page.next();
    }
    return chains;
  }
}
