package org.opensva.smmuv3.model;

/**
 * The translation regime of a stream, which section 3.3.3 calls StreamWorld: who its translations
 * belong to, and by what they are told apart. There is no Secure, Realm or EL3 regime here.
 */
enum Regime {
    /** NS-EL1: two tables, two privilege levels, ASIDs and VMIDs. */
    EL1,
    /** NS-EL2: one table, one privilege level, neither ASIDs nor VMIDs. */
    EL2,
    /** NS-EL2-E2H: two tables, two privilege levels, ASIDs. */
    EL2_HOST;

    /** Whether there are unprivileged accesses, a second table, ASIDs, and so on. */
    boolean hasTwoLevels() {
        return this != EL2;
    }
}
