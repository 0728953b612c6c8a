// The theme of Rspress, with tables and pictures that scroll by the keyboard where the screen is too narrow for them, and
// tables without empty headings.

import { getCustomMDXComponent as components } from '@rspress/core/theme-original'

export * from '@rspress/core/theme-original'

export function getCustomMDXComponent() {
  return {
    ...components(),
    img: ({ alt, ...props }) => (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: as below.
      // biome-ignore lint/a11y/useSemanticElements: as below.
      <span className="picture rp-scrollbar" role="group" aria-label="Picture" tabIndex={0}>
        <img alt={alt} {...props} />
      </span>
    ),
    table: props => (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must take the focus (WCAG 2.2, 2.1.1).
      // biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms.
      <div className="rp-table-scroll-container rp-scrollbar" role="group" aria-label="Table" tabIndex={0}>
        <table {...props} />
      </div>
    ),
    // The corner of a table is no heading of anything.
    th: ({ children, ...props }) => (children ? <th {...props}>{children}</th> : <td {...props} />),
  }
}
