package io.signalbox.pki;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;

/**
 * Gives TLS its keys from memory: the JDK's own key manager decrypts its key store again in every
 * handshake, 2 to 3 ms each. The identities can be replaced while connections are open; running
 * handshakes end with the one they began with.
 *
 * <p>With several identities the server name that the client asks for selects among them by their
 * DNS names (a wildcard stands for one label); the first is for all other names. Identities with
 * different key types for one name stand side by side.
 */
public final class InMemoryKeyManager extends X509ExtendedKeyManager {
  private volatile IdentitySet identities;

  /**
   * Serves these identities.
   *
   * @param identities at least one; the first is the default
   */
  public InMemoryKeyManager(List<TlsIdentity> identities) {
    this.identities = new IdentitySet(identities, List.of());
  }

  /** Serves other identities from the next handshake on. */
  public synchronized void replace(List<TlsIdentity> others) {
    identities = new IdentitySet(others, identities.current());
  }

  /** The identities served now, the default first. */
  public List<TlsIdentity> identities() {
    return identities.current();
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return identities.alias(
        List.of(keyType),
        engine == null ? List.of() : requestedNames(engine.getHandshakeSession()));
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return identities.alias(
        List.of(keyType),
        socket instanceof SSLSocket tls ? requestedNames(tls.getHandshakeSession()) : List.of());
  }

  @Override
  public @Nullable String chooseEngineClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
    return identities.alias(Arrays.asList(keyTypes), List.of());
  }

  @Override
  public @Nullable String chooseClientAlias(
      String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
    return identities.alias(Arrays.asList(keyTypes), List.of());
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return identities.aliases(keyType);
  }

  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return identities.aliases(keyType);
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    TlsIdentity identity = identities.get(alias);
    return identity == null ? null : identity.chain().toArray(X509Certificate[]::new);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    TlsIdentity identity = identities.get(alias);
    return identity == null ? null : identity.key();
  }

  private static List<String> requestedNames(@Nullable SSLSession session) {
    if (!(session instanceof ExtendedSSLSession extended)) {
      return List.of();
    }
    return extended.getRequestedServerNames().stream()
        .filter(name -> name instanceof SNIHostName)
        .map(InMemoryKeyManager::text)
        .toList();
  }

  private static String text(SNIServerName name) {
    return ((SNIHostName) name).getAsciiName();
  }
}
