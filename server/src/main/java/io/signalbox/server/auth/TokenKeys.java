package io.signalbox.server.auth;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The keys of one issuer. Any thread. */
sealed interface TokenKeys {
  /** Those known now. */
  List<TokenKey> known();

  /** Whether a key that has signed a token is still one of them; true while nobody can tell. */
  boolean mayHold(TokenKey signer);

  /**
   * Sees to it that the key of a token is known, if it can be found out.
   *
   * @return completed at once if there is nothing to wait for; never fails
   */
  CompletableFuture<Void> prepare(CompactToken token);

  /** Keys that stay as they are. */
  record Fixed(List<TokenKey> known) implements TokenKeys {
    public Fixed {
      known = List.copyOf(known);
    }

    @Override
    public boolean mayHold(TokenKey signer) {
      return signer.isAmong(known);
    }

    @Override
    public CompletableFuture<Void> prepare(CompactToken token) {
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Keys of a file, see {@link KeySetFile}. */
  record Watched(KeySetFile file) implements TokenKeys {
    @Override
    public List<TokenKey> known() {
      return file.known();
    }

    @Override
    public boolean mayHold(TokenKey signer) {
      return signer.isAmong(file.known());
    }

    @Override
    public CompletableFuture<Void> prepare(CompactToken token) {
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Keys of an address, see {@link FetchedKeys}. */
  record Fetched(FetchedKeys keys) implements TokenKeys {
    @Override
    public List<TokenKey> known() {
      return keys.known();
    }

    @Override
    public boolean mayHold(TokenKey signer) {
      return keys.mayHold(signer);
    }

    @Override
    public CompletableFuture<Void> prepare(CompactToken token) {
      return keys.prepare(token);
    }
  }
}
