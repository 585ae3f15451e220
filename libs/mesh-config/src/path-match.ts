export interface PathMatch {
  /**
   * `regex`: RE2 syntax, of the whole path. `segments`: a prefix that ends where a segment does, such as `/shop` of `/shop` and
   * `/shop/cart`, not of `/shopping`; it ends in no "/".
   */
  kind: 'exact' | 'prefix' | 'segments' | 'regex';
  value: string;
}
