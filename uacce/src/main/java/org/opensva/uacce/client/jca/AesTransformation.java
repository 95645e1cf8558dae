package org.opensva.uacce.client.jca;

import java.security.InvalidKeyException;
import java.security.Key;

/** What every AES transformation answers alike. */
abstract class AesTransformation extends Transformation {

    @Override
    protected final int engineGetBlockSize() {
        return BlockMode.BLOCK;
    }

    @Override
    protected final int engineGetKeySize(Key key) throws InvalidKeyException {
        return AesKey.bits(key);
    }
}
