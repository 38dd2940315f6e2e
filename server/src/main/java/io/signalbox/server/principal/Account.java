package io.signalbox.server.principal;

/**
 * Which of the users who have had a name somebody logged in as: a name may be taken away and given
 * to another one, here or elsewhere, while its first owner is connected.
 *
 * @param createdAtMillis wall clock, when the registry's entry was made; 0: a user of the users
 *     file
 */
public record Account(long createdAtMillis) {
  public static final Account OF_USERS_FILE = new Account(0);
}
