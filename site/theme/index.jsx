// The theme of Rspress, with tables that scroll by the keyboard where the screen is too narrow for them, and that have no
// empty headings.

import { getCustomMDXComponent as components } from '@rspress/core/theme-original'

export * from '@rspress/core/theme-original'

export function getCustomMDXComponent() {
  return {
    ...components(),
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
